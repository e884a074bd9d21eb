import { type ActorError, defineContract, refusal, type DeepReadonly } from '@trolley/runtime';
import { uuidV5 } from '@trolley/runtime/adapters';
import { z } from 'zod';
import { CheckoutCompleted } from '../checkout/checkout-completed.ts';
import { ShippingAddress } from '../checkout/shipping-address.contract.ts';
import { OrderStatus } from './order-status.contract.ts';

/** Amounts in integer cents, times in ISO 8601. */
export const OrderView = z.object({
  id: z.uuid(),
  checkoutId: z.uuid(),
  userId: z.int().positive(),
  totalCents: z.int().nonnegative(),
  currency: z.string(),
  status: OrderStatus,
  items: z.array(
    z.object({
      productId: z.int().positive(),
      productName: z.string(),
      quantity: z.int().positive(),
      unitPriceCents: z.int().nonnegative(),
    }),
  ),
  shippingAddress: ShippingAddress.optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type OrderView = DeepReadonly<z.infer<typeof OrderView>>;

/** An order. Key: the id of the checkout it came from. */
export const OrderContract = defineContract({
  type: 'order',
  key: z.uuid(),
  refusals: {
    /** No order was created under this key, or it is someone else's. */
    not_found: null,
    /** A move that the order's life does not have. */
    conflict: null,
  },
  messages: {
    /**
     * Creates the order of a completed checkout; the second time it answers with the one that is there. Refused:
     * `invalid_request` for an event that is not the key's or has amounts that are not whole cents.
     */
    Create: { input: CheckoutCompleted, output: OrderView },
    /** Refund, then restock, once; answered when both are done. Refused: `not_found`, `conflict` once shipped. */
    Cancel: { input: z.object({}), output: OrderView },
    /**
     * Refused: `not_found`, `conflict` for a move that the order's life does not have. To `CANCELLED`: as `Cancel`.
     */
    SetStatus: { input: z.object({ status: OrderStatus }), output: OrderView },
  },
});

/** The same words for one that does not exist and for someone else's: which of both it is, is not told. */
export function noSuchOrder(): ActorError {
  return refusal(OrderContract, 'not_found', 'there is no such order');
}

const namespace = '1f3c1a52-6d0a-5a35-8f7c-2b8c8c1d9e27';

/** The id of the one order of a checkout. */
export function orderIdFor(checkoutId: string): string {
  return uuidV5(namespace, checkoutId);
}
