import * as checkout from '../gen/checkout/checkout.ts';
import { vector } from './vector.ts';

const anAddress = {
  recipient: 'a',
  line1: 'b',
  line2: 'c',
  city: 'd',
  region: 'e',
  postalCode: 'f',
  country: 'NL',
  phone: 'h',
};
const addressHex = `0a 01 61  12 01 62  1a 01 63  22 01 64
                    2a 01 65  32 01 66  3a 02 4e 4c  42 01 68`;

export const checkoutVectors = [
  vector('Address', checkout.Address, anAddress, addressHex),
  vector(
    'InitiateCheckoutRequest',
    checkout.InitiateCheckoutRequest,
    { userId: 5n, idempotencyKey: 'k', shippingAddress: anAddress, paymentMethod: 'card' },
    `08 05                   // user_id
     12 01 6b                // idempotency_key
     1a 19 ${addressHex}
     22 04 63 61 72 64       // payment_method`,
  ),
  vector(
    'InitiateCheckoutResponse',
    checkout.InitiateCheckoutResponse,
    { checkoutId: 'i', status: checkout.CheckoutStatus.FAILED, failureReason: 'r' },
    '0a 01 69  10 05  1a 01 72',
  ),
  vector(
    'GetCheckoutStatusRequest',
    checkout.GetCheckoutStatusRequest,
    { checkoutId: 'i', userId: 5n },
    '0a 01 69  10 05',
  ),
  vector(
    'CancelCheckoutRequest',
    checkout.CancelCheckoutRequest,
    { checkoutId: 'i', userId: 5n },
    '0a 01 69  10 05',
  ),
  vector(
    'CheckoutStep',
    checkout.CheckoutStep,
    { status: checkout.CheckoutStatus.PAYMENT_PENDING, at: 't' },
    '08 02  12 01 74',
  ),
  vector(
    'CheckoutSession',
    checkout.CheckoutSession,
    {
      checkoutId: 'i',
      userId: 5n,
      status: checkout.CheckoutStatus.COMPLETED,
      failureReason: 'r',
      totalCents: 262997n,
      currency: 'USD',
      createdAt: 'a',
      updatedAt: 'b',
      completedAt: 'c',
      history: [{ status: checkout.CheckoutStatus.COMPLETED, at: 't' }],
    },
    `0a 01 69                // checkout_id
     10 05                   // user_id
     18 04                   // status
     22 01 72                // failure_reason
     28 d5 86 10             // total_cents
     32 03 55 53 44          // currency
     3a 01 61  42 01 62  4a 01 63
     52 05  08 04  12 01 74  // history`,
  ),
];
