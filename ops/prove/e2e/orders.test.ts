import { expect } from 'chai';
import type { Order } from '../../../gateway/client/index.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { refusalOf, type Shopper } from './shop-client.ts';

describe('an order', () => {
  let shop: RunningShop;
  let admin: Shopper;
  let nextUser = 10;

  before(async () => {
    shop = await startShop();
    admin = await shop.client.user(1, 'admin');
  });
  after(() => shop.stop());
  afterEach('the invariants hold', async () => {
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
  });

  async function ordering(): Promise<{ user: Shopper; order: Order }> {
    const user = await shop.client.user(nextUser++);
    await user.add(4, 3);
    const sold = await user.buy('k');
    const find = async () =>
      (await user.shop.orders.list()).orders.find(({ checkout_id }) => checkout_id === sold.checkout_id);
    return { user, order: await eventually(find, `the order of checkout ${sold.checkout_id}`) };
  }
  const paymentOf = (order: Order) =>
    shop.stores.payments().find(({ checkoutId }) => checkoutId === order.checkout_id)?.status;

  it('is cancelled once: money and stock come back, also when asked twice at once', async () => {
    const before = shop.stores.available(4);
    const { user, order } = await ordering();
    expect(shop.stores.available(4)).to.equal(before - 3);
    const cancel = () => user.shop.orders.cancel(order.id);
    for (const { status } of [...(await Promise.all([cancel(), cancel()])), await cancel()])
      expect(status).to.equal('CANCELLED');
    expect(shop.stores.available(4)).to.equal(before);
    expect(paymentOf(order)).to.equal('refunded');
  });

  it('moves along its life and not elsewhere', async () => {
    const { user, order } = await ordering();
    const set = (status: Order['status']) => admin.shop.orders.setStatus(order.id, status);
    expect(await refusalOf(set('DELIVERED'))).to.equal('409 conflict');
    for (const status of ['PROCESSING', 'SHIPPED', 'DELIVERED'] as const)
      expect((await set(status)).status).to.equal(status);
    for (const status of ['CONFIRMED', 'PROCESSING', 'SHIPPED', 'CANCELLED'] as const)
      expect(await refusalOf(set(status))).to.equal('409 conflict');
    expect(await refusalOf(user.shop.orders.cancel(order.id))).to.equal('409 conflict');
    expect((await user.shop.orders.get(order.id)).status).to.equal('DELIVERED');
    expect(paymentOf(order)).to.equal('charged');
  });

  it('can be cancelled by an admin while it is processed', async () => {
    const before = shop.stores.available(4);
    const { order } = await ordering();
    await admin.shop.orders.setStatus(order.id, 'PROCESSING');
    expect((await admin.shop.orders.setStatus(order.id, 'CANCELLED')).status).to.equal('CANCELLED');
    expect(shop.stores.available(4)).to.equal(before);
    expect(paymentOf(order)).to.equal('refunded');
  });

  it('is moved by admins only', async () => {
    const { user, order } = await ordering();
    expect(await refusalOf(user.shop.orders.setStatus(order.id, 'SHIPPED'))).to.equal('403 forbidden');
    expect((await user.shop.orders.get(order.id)).status).to.equal('CONFIRMED');
  });

  it('of someone else is not found', async () => {
    const { order } = await ordering();
    const { orders } = (await shop.client.user(9)).shop;
    for (const call of [orders.get(order.id), orders.cancel(order.id)])
      expect(await refusalOf(call)).to.equal('404 not_found');
    expect((await orders.list()).orders).to.deep.equal([]);
  });

  it('comes newest first, and in pages', async () => {
    const user = await shop.client.user(nextUser++);
    const bought: string[] = [];
    for (const key of ['first', 'second', 'third']) {
      await user.add(2, 1);
      bought.unshift((await user.buy(key)).checkout_id);
      // The order's own time makes the sequence: one after the other.
      await eventually(
        async () => (await user.shop.orders.list()).orders.length === bought.length,
        `${bought.length} orders of user ${user.id}`,
      );
      await eventually(async () => (await user.shop.cart.get()).total_items === 0, 'an empty cart');
    }
    const { orders: all } = await user.shop.orders.list();
    expect(all.map(({ checkout_id }) => checkout_id)).to.deep.equal(bought);
    const page = await user.shop.orders.list({ page_size: 2 });
    expect(page.orders).to.deep.equal(all.slice(0, 2));
    const rest = await user.shop.orders.list({ page_size: 2, page_token: page.next_page_token });
    expect(rest).to.deep.equal({ orders: all.slice(2) });
  });
});
