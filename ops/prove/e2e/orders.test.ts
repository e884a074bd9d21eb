import { expect } from 'chai';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import type { OrderBody, Shopper } from './shop-client.ts';

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

  async function ordering(): Promise<{ user: Shopper; order: OrderBody }> {
    const user = await shop.client.user(nextUser++);
    await user.add(4, 3);
    const { body } = await user.checkout('k');
    const find = async () =>
      (await user.orders()).body.find(({ checkout_id }) => checkout_id === body.checkout_id);
    return { user, order: await eventually(find, `the order of checkout ${body.checkout_id}`) };
  }
  const paymentOf = (order: OrderBody) =>
    shop.stores.payments().find(({ checkoutId }) => checkoutId === order.checkout_id)?.status;

  it('is cancelled once: money and stock come back, also when asked twice at once', async () => {
    const before = shop.stores.available(4);
    const { user, order } = await ordering();
    expect(shop.stores.available(4)).to.equal(before - 3);
    const answers = await Promise.all([user.cancelOrder(order.id), user.cancelOrder(order.id)]);
    for (const { status, body } of [...answers, await user.cancelOrder(order.id)]) {
      expect({ status, order: body.status }).to.deep.equal({ status: 200, order: 'CANCELLED' });
    }
    expect(shop.stores.available(4)).to.equal(before);
    expect(paymentOf(order)).to.equal('refunded');
  });

  it('moves along its life and not elsewhere', async () => {
    const { user, order } = await ordering();
    const set = async (status: string) => {
      const answer = await admin.setOrderStatus(order.id, status);
      return answer.status === 200 ? answer.body.status : `${answer.status} ${answer.body.code ?? ''}`;
    };
    expect(await set('DELIVERED')).to.equal('409 conflict');
    for (const status of ['PROCESSING', 'SHIPPED', 'DELIVERED']) expect(await set(status)).to.equal(status);
    for (const status of ['CONFIRMED', 'PROCESSING', 'SHIPPED', 'CANCELLED']) {
      expect(await set(status)).to.equal('409 conflict');
    }
    const refused = await user.cancelOrder(order.id);
    expect(`${refused.status} ${refused.body.code ?? ''}`).to.equal('409 conflict');
    expect((await user.order(order.id)).body.status).to.equal('DELIVERED');
    expect(paymentOf(order)).to.equal('charged');
  });

  it('can be cancelled by an admin while it is processed', async () => {
    const before = shop.stores.available(4);
    const { order } = await ordering();
    await admin.setOrderStatus(order.id, 'PROCESSING');
    expect((await admin.setOrderStatus(order.id, 'CANCELLED')).body.status).to.equal('CANCELLED');
    expect(shop.stores.available(4)).to.equal(before);
    expect(paymentOf(order)).to.equal('refunded');
  });

  it('is moved by admins only', async () => {
    const { user, order } = await ordering();
    const { status, body } = await user.setOrderStatus(order.id, 'SHIPPED');
    expect(`${status} ${body.code ?? ''}`).to.equal('403 forbidden');
    expect((await user.order(order.id)).body.status).to.equal('CONFIRMED');
  });

  it('of someone else is not found', async () => {
    const { order } = await ordering();
    const stranger = await shop.client.user(9);
    for (const answer of [await stranger.order(order.id), await stranger.cancelOrder(order.id)]) {
      expect(`${answer.status} ${answer.body.code ?? ''}`).to.equal('404 not_found');
    }
    expect((await stranger.orders()).body).to.deep.equal([]);
  });

  it('comes newest first, and in pages', async () => {
    const user = await shop.client.user(nextUser++);
    const bought: string[] = [];
    for (const key of ['first', 'second', 'third']) {
      await user.add(2, 1);
      bought.unshift((await user.checkout(key)).body.checkout_id);
      // The order's own time makes the sequence: one after the other.
      await eventually(
        async () => (await user.orders()).body.length === bought.length,
        `${bought.length} orders of user ${user.id}`,
      );
      await eventually(async () => (await user.cart()).body.total_items === 0, 'an empty cart');
    }
    const all = (await user.orders()).body;
    expect(all.map(({ checkout_id }) => checkout_id)).to.deep.equal(bought);
    const page = await user.send<OrderBody[]>('GET', '/orders?page_size=2');
    const token = page.headers.get('x-next-page-token') ?? '';
    expect(page.body).to.deep.equal(all.slice(0, 2));
    const rest = await user.send<OrderBody[]>('GET', `/orders?page_size=2&page_token=${token}`);
    expect(rest.body).to.deep.equal(all.slice(2));
    expect(rest.headers.get('x-next-page-token')).to.equal(null);
  });
});
