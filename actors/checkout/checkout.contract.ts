import { type ActorError, defineContract, refusal } from '@trolley/runtime';
import { uuidV5 } from '@trolley/runtime/adapters';
import { z } from 'zod';
import { claimRefusals } from '../cart/cart.contract.ts';
import { isPaymentMethod } from '../services/payment/payment-method.contract.ts';
import { Shortage } from '../values/shortage.contract.ts';
import { StorableText } from '../values/storable-text.contract.ts';
import { CheckoutStatus } from './checkout-status.contract.ts';
import { GivenAddress } from './shipping-address.contract.ts';

/** Who gives an order, as the console knows them. */
const Operator = StorableText(128).min(1);

/** Amounts in integer cents, times in ISO 8601. */
export const CheckoutView = z.object({
  checkoutId: z.uuid(),
  userId: z.int().positive(),
  status: CheckoutStatus,
  failureReason: z.string().optional(),
  /** Of `insufficient_stock` and `product_unavailable`. */
  failureDetails: z.array(Shortage).optional(),
  totalCents: z.int().nonnegative(),
  currency: z.string(),
  createdAt: z.string(),
  /** When it ended, COMPLETED or FAILED. */
  completedAt: z.string().optional(),
  /** One entry for each status reached, and one for each step that was retried or compensated. */
  history: z.array(z.object({ status: CheckoutStatus, at: z.string(), detail: z.string().optional() })),
});
export type CheckoutView = z.infer<typeof CheckoutView>;

/** A checkout. Key: `checkoutIdFor(userId, idempotencyKey)`. */
export const CheckoutContract = defineContract({
  type: 'checkout',
  key: z.uuid(),
  refusals: {
    ...claimRefusals,
    /** Nothing was accepted under this id, or it is someone else's. */
    not_found: null,
    /** It has gone too far for that. */
    conflict: null,
  },
  messages: {
    /**
     * Starts the checkout, or joins the one that runs or ran; answered when it has ended. `created` tells the
     * one caller that started it. Refused, with nothing accepted: `claimRefusals`;
     * `idempotency_key_reused` for another address or payment method than the first.
     */
    Start: {
      input: z.object({
        userId: z.int().positive(),
        idempotencyKey: StorableText(255).min(1),
        shippingAddress: GivenAddress.optional(),
        paymentMethod: z.string().refine(isPaymentMethod, 'a known name or a token').optional(),
      }),
      output: z.object({ created: z.boolean(), checkout: CheckoutView }),
    },
    /** Refused: `not_found`. */
    GetStatus: { input: z.object({}), output: CheckoutView, readOnly: true },
    /** Answered when the compensation has ended. Refused: `not_found`, `conflict` once the payment has completed. */
    Cancel: { input: z.object({ userId: z.int().positive() }), output: CheckoutView },
    /**
     * From an operator: tries the step that it waits for now, not after its back-off. What is under way counts as of
     * unknown outcome. Refused: `not_found`, `conflict` once it has ended.
     */
    Resume: { input: z.object({ by: Operator.optional() }), output: CheckoutView },
    /**
     * From an operator: gives it up, wherever it stands, and undoes all of it; what was paid is refunded. Answered when
     * that has begun. The reason is for operators alone. Refused: `not_found`, `conflict` once it is COMPLETED.
     */
    Compensate: {
      input: z.object({ reason: StorableText(500).min(1), by: Operator.optional() }),
      output: CheckoutView,
    },
  },
});

/** The same words for one that does not exist and for someone else's: which of both it is, is not told. */
export function noSuchCheckout(): ActorError {
  return refusal(CheckoutContract, 'not_found', 'there is no such checkout');
}

const namespace = '8c0f2f0e-5d2b-5c0a-9a53-7c4e1a3c7b11';

/** The id of a user's checkout under an idempotency key; two users with one key have two checkouts. */
export function checkoutIdFor(userId: number, idempotencyKey: string): string {
  return uuidV5(namespace, `${userId}:${idempotencyKey}`);
}
