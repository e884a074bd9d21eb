import { ActorError, refusal, type DeepReadonly } from '@trolley/runtime';
import { z } from 'zod';
import { centsFromAmount, type CheckoutCompleted } from '../checkout/checkout-completed.ts';
import { ShippingAddress } from '../checkout/shipping-address.contract.ts';
import { maxTotalCents } from '../checkout/checkout.pricing.ts';
import { isoTime } from '../values/iso-time.ts';
import { storableText, toStorableText } from '../values/storable-text.contract.ts';
import { OrderContract, OrderView, orderIdFor } from './order.contract.ts';
import { OrderStatus } from './order-status.contract.ts';

/** Times in milliseconds since the epoch. */
export const Order = z.object({
  id: z.uuid(),
  checkoutId: z.uuid(),
  userId: z.int().positive(),
  status: OrderStatus,
  items: OrderView.shape.items,
  totalCents: z.int().nonnegative(),
  currency: z.string(),
  shippingAddress: ShippingAddress.optional(),
  /** What a cancelled order has given back so far. */
  refunded: z.boolean(),
  restocked: z.boolean(),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Order = DeepReadonly<z.infer<typeof Order>>;

/** `null`: no order was created under this key. */
export const OrderState = z.object({ order: Order.nullable() });
export type OrderState = DeepReadonly<z.infer<typeof OrderState>>;

/** @throws ActorError `invalid_request` when an amount is not whole cents, or a text can't be stored */
export function orderOf(event: CheckoutCompleted, now: number): Order {
  const address = ShippingAddress.optional().safeParse(event.shipping_address);
  const userId = Number(event.user_id);
  const totalCents = wholeCents(event.total_amount);
  // What the table can't take is refused here: a write that fails would be tried for ever.
  const fits = totalCents <= maxTotalCents && storableText.test(event.currency);
  if (!address.success || !Number.isSafeInteger(userId) || !fits) {
    throw new ActorError('invalid_request', 'an event that makes no order');
  }
  return {
    id: orderIdFor(event.checkout_id),
    checkoutId: event.checkout_id,
    userId,
    status: 'CONFIRMED',
    items: event.items.map((item) => ({
      productId: item.product_id,
      productName: toStorableText(item.product_name),
      quantity: item.quantity,
      unitPriceCents: wholeCents(item.unit_price),
    })),
    totalCents,
    currency: event.currency,
    ...(address.data === undefined ? {} : { shippingAddress: address.data }),
    refunded: false,
    restocked: false,
    createdAt: now,
    updatedAt: now,
  };
}

const nextStatuses: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  CONFIRMED: ['PROCESSING', 'CANCELLED'],
  PROCESSING: ['SHIPPED', 'CANCELLED'],
  SHIPPED: ['DELIVERED'],
  DELIVERED: [],
  CANCELLED: [],
};

/** @throws ActorError `conflict` */
export function moveTo(order: Order, status: OrderStatus, now: number): Order {
  if (!nextStatuses[order.status].includes(status)) {
    throw refusal(OrderContract, 'conflict', `an order that is ${order.status} does not become ${status}`);
  }
  return { ...order, status, updatedAt: now };
}

/** A cancelled order is over once everything was given back. */
export function isGivenBack(order: Order): boolean {
  return order.refunded && order.restocked;
}

export function viewOf(order: Order): OrderView {
  const { id, checkoutId, userId, totalCents, currency, status, items, shippingAddress } = order;
  return {
    id,
    checkoutId,
    userId,
    totalCents,
    currency,
    status,
    items,
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    createdAt: isoTime(order.createdAt),
    updatedAt: isoTime(order.updatedAt),
  };
}

function wholeCents(amount: number): number {
  const cents = centsFromAmount(amount);
  if (cents === undefined) throw new ActorError('invalid_request', `not an amount in whole cents: ${amount}`);
  return cents;
}
