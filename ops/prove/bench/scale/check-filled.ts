import { deepStrictEqual } from 'node:assert/strict';
import type { Cart } from '../../../../gateway/client/index.ts';
import type { ShopClient } from '../../e2e/shop-client.ts';
import { cartMarks, checkoutMarks, linesOfCart, type Census } from './owners.ts';

/* Whether the shop takes what was filled in for its own: it reads it, and goes on from it. */

/** Of the last one. */
export async function checkFilledCart(client: ShopClient, { size }: Census): Promise<void> {
  const user = await client.user(size);
  const cart = await user.shop.cart.get();
  expectSame('a cart', [cart.cart_id, unitsIn(cart)], [cartMarks(size)['cartId'], linesOfCart]);
  const more = linesOfCart + 1;
  expectSame('a cart after an add', unitsIn(await user.add(more, 1)), more);
  // As it was: others rely on it.
  await user.shop.cart.remove(more);
}

/** Of the first checkout: finds it by its key, its order by its id, and takes that back. */
export async function checkFilledCheckout(client: ShopClient, census: Census): Promise<void> {
  const user = await client.user(census.collector);
  const key = 'filled-0';
  const { checkoutId, orderId } = checkoutMarks(census.collector, key);
  const again = await user.buy(key);
  expectSame(
    'a checkout that is asked for again',
    [again.checkout_id, again.status],
    [checkoutId, 'COMPLETED'],
  );
  const order = await user.shop.orders.get(orderId ?? '');
  expectSame('an order', [order.checkout_id, order.status], [checkoutId, 'CONFIRMED']);
  // That needs the payment, to be refunded, and the reservation, whose units go back.
  const { status } = await user.shop.orders.cancel(orderId ?? '');
  expectSame('an order that is taken back', status, 'CANCELLED');
}

const unitsIn = ({ items }: Cart) => items.reduce((units, { quantity }) => units + quantity, 0);

function expectSame(what: string, found: unknown, wanted: unknown): void {
  deepStrictEqual(
    found,
    wanted,
    `${what} that was filled in is not what the shop would have: ${JSON.stringify(found)}`,
  );
}
