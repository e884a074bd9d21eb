import * as payment from '../gen/payment/payment.ts';
import { vector } from './vector.ts';

export const paymentVectors = [
  vector(
    'ChargeRequest',
    payment.ChargeRequest,
    { checkoutId: 'c', amount: '2629.97', paymentMethod: 'card', currency: 'USD' },
    `0a 01 63                       // checkout_id
     12 07 32 36 32 39 2e 39 37     // amount
     1a 04 63 61 72 64              // payment_method
     22 03 55 53 44                 // currency`,
  ),
  vector(
    'ChargeResponse',
    payment.ChargeResponse,
    {
      status: payment.ChargeStatus.SUCCESS,
      transactionId: 't',
      refusal: undefined,
      checkoutId: 'c',
      paymentId: 'p',
    },
    '12 01 74  2a 01 63  32 01 70',
  ),
  vector(
    'ChargeResponse with a known reason',
    payment.ChargeResponse,
    {
      status: payment.ChargeStatus.FAILED,
      transactionId: '',
      refusal: { $case: 'knownReason', value: payment.PaymentRefusal.CARD_DECLINED },
      checkoutId: 'c',
      paymentId: 'p',
    },
    '08 01  18 02  2a 01 63  32 01 70',
  ),
  vector(
    'ChargeResponse with the reason UNKNOWN, which is there although it is 0',
    payment.ChargeResponse,
    {
      status: payment.ChargeStatus.FAILED,
      transactionId: '',
      refusal: { $case: 'knownReason', value: payment.PaymentRefusal.UNKNOWN },
      checkoutId: '',
      paymentId: '',
    },
    '08 01  18 00',
  ),
  vector(
    'ChargeResponse with another reason',
    payment.ChargeResponse,
    {
      status: payment.ChargeStatus.FAILED,
      transactionId: '',
      refusal: { $case: 'otherReason', value: 'x' },
      checkoutId: '',
      paymentId: '',
    },
    '08 01  22 01 78',
  ),
  vector('RefundRequest', payment.RefundRequest, { checkoutId: 'c' }, '0a 01 63'),
  vector('RefundResponse', payment.RefundResponse, {}, ''),
  vector('GetPaymentRequest', payment.GetPaymentRequest, { checkoutId: 'c' }, '0a 01 63'),
  vector(
    'Payment',
    payment.Payment,
    {
      paymentId: 'p',
      checkoutId: 'c',
      status: payment.PaymentStatus.FAILED,
      amount: '1',
      currency: 'USD',
      transactionId: 't',
      refusal: { $case: 'knownReason', value: payment.PaymentRefusal.NETWORK_ERROR },
      createdAt: 'a',
      updatedAt: 'b',
    },
    `0a 01 70  12 01 63  18 03  22 01 31  2a 03 55 53 44  32 01 74
     38 05                   // known_reason
     4a 01 61  52 01 62`,
  ),
  vector(
    'Payment with another reason',
    payment.Payment,
    {
      paymentId: '',
      checkoutId: '',
      status: payment.PaymentStatus.TOMBSTONE,
      amount: '',
      currency: '',
      transactionId: '',
      refusal: { $case: 'otherReason', value: 'x' },
      createdAt: '',
      updatedAt: '',
    },
    '18 05  42 01 78',
  ),
  vector(
    'GetPaymentResponse',
    payment.GetPaymentResponse,
    {
      payment: {
        paymentId: 'p',
        checkoutId: '',
        status: payment.PaymentStatus.CHARGED,
        amount: '',
        currency: '',
        transactionId: '',
        refusal: undefined,
        createdAt: '',
        updatedAt: '',
      },
    },
    '0a 05  0a 01 70  18 02',
  ),
];
