import { deepStrictEqual } from 'node:assert/strict';
import type { Answer, CartBody, ShopClient } from '../../e2e/shop-client.ts';
import { cartMarks, checkoutMarks, linesOfCart, type Census } from './owners.ts';

/* Whether the shop takes what was filled in for its own: it reads it, and goes on from it. */

/** Of the last one. */
export async function checkFilledCart(client: ShopClient, { size }: Census): Promise<void> {
  const user = await client.user(size);
  const { body: cart } = await user.cart();
  expectSame('a cart', [cart.cart_id, unitsIn(cart)], [cartMarks(size)['cartId'], linesOfCart]);
  const more = linesOfCart + 1;
  expectSame('a cart after an add', unitsIn((await user.add(more, 1)).body), more);
  // As it was: others rely on it.
  await user.send('DELETE', `/cart/items/${more}`);
}

/** Of the first checkout: finds it by its key, its order by its id, and takes that back. */
export async function checkFilledCheckout(client: ShopClient, census: Census): Promise<void> {
  const user = await client.user(census.collector);
  const key = 'filled-0';
  const { checkoutId, orderId } = checkoutMarks(census.collector, key);
  const { body: again } = await user.checkout(key);
  expectSame(
    'a checkout that is asked for again',
    [again.checkout_id, again.status],
    [checkoutId, 'COMPLETED'],
  );
  const { body: order } = await user.order(orderId ?? '');
  expectSame('an order', [order.checkout_id, order.status], [checkoutId, 'CONFIRMED']);
  // That needs the payment, to be refunded, and the reservation, whose units go back.
  const cancelled = await user.cancelOrder(orderId ?? '');
  expectSame('an order that is taken back', statusesOf(cancelled), [200, 'CANCELLED']);
}

const unitsIn = ({ items }: CartBody) => items.reduce((units, { quantity }) => units + quantity, 0);

const statusesOf = ({ status, body }: Answer<{ readonly status: string }>) => [status, body.status];

function expectSame(what: string, found: unknown, wanted: unknown): void {
  deepStrictEqual(
    found,
    wanted,
    `${what} that was filled in is not what the shop would have: ${JSON.stringify(found)}`,
  );
}
