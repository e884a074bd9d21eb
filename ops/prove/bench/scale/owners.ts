import { orderIdFor } from '../../../../actors/order/order.contract.ts';
import { checkoutIdFor } from '../../../../actors/checkout/checkout.contract.ts';
import { emptyCart } from '../../../../actors/cart/cart.state.ts';
import { reservationIdFor } from '../../../../actors/services/inventory/reservation-id.ts';
import { paymentIdFor } from '../../../../actors/services/payment/payment.ledger.ts';
import type { Marks } from './pattern.ts';

/* To whom what is filled in belongs. Every id is the one that the shop itself would find it by. */

/** What belongs to somebody, and since when. */
export interface Owned {
  readonly marks: Marks;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export const cartMarks = (userId: number): Marks => ({
  userId: String(userId),
  cartId: emptyCart(userId, 0).cartId,
});

export function checkoutMarks(userId: number, key: string): Marks {
  const checkoutId = checkoutIdFor(userId, key);
  return {
    userId: String(userId),
    key,
    checkoutId,
    orderId: orderIdFor(checkoutId),
    paymentId: paymentIdFor(checkoutId),
    reservationId: reservationIdFor(checkoutId),
  };
}

/** Lines in each cart that is filled in, and in each purchase: a unit of each of the first products. */
export const linesOfCart = 3;

/** So many orders has who is no collector: a page of them. */
export const ordersOfFew = 20;

/** The users of a shop of a size: `1` to `size` have a cart; one of them has a tenth of all orders. */
export interface Census {
  readonly size: number;
  readonly collector: number;
  readonly ordersOfCollector: number;
  /** One with `ordersOfFew`. */
  readonly few: number;
}

export function censusOf(size: number): Census {
  return { size, collector: size, ordersOfCollector: size / 10, few: 1 };
}

const dayMs = 86_400_000;
/** Almost as old as what a sweep would take: sweeps must come by none of it. */
const oldestMs = 80 * dayMs;
/** The same of events, which are kept for a shorter time. */
const oldestEventMs = 6 * dayMs;

/** The carts, each last touched at some time of the last days. */
export function* ownersOfCarts({ size }: Census, now: number): Generator<Owned> {
  for (let userId = 1; userId <= size; userId++) {
    yield { marks: cartMarks(userId), at: now - Math.floor(part(userId) * oldestMs) };
  }
}

/** As many finished checkouts as carts, one after the other. */
export function* ownersOfCheckouts(
  { size, collector, ordersOfCollector }: Census,
  now: number,
): Generator<Owned> {
  const everyOf = size / ordersOfCollector;
  for (let index = 0; index < size; index++) {
    const isCollectors = index % everyOf === 0;
    const userId = isCollectors ? collector : 1 + Math.floor((index - index / everyOf) / ordersOfFew);
    const at = Math.floor(now - oldestMs * (1 - index / size));
    yield { marks: checkoutMarks(userId, `filled-${index}`), at };
  }
}

/** The event of what is owned. */
export function eventOf({ marks, at }: Owned, now: number): Owned {
  return { marks, at: now - Math.floor(((now - at) * oldestEventMs) / oldestMs) };
}

/** From 0 to below 1, spread evenly over the numbers, and the same each time. */
function part(number: number): number {
  return (((number * 0.618_033_988_749_895) % 1) + 1) % 1;
}
