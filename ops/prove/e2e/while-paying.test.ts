import { expect } from 'chai';
import type { Checkout } from '../../../gateway/client/index.ts';
import { checkoutIdFor } from '../../../actors/checkout/checkout.contract.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { refusalOf, type Shopper } from './shop-client.ts';

describe('while a payment runs', () => {
  let shop: RunningShop;
  let nextUser = 1;

  before(async () => {
    shop = await startShop({ PAYMENT_DELAY_MS: '2000' });
  });
  after(() => shop.stop());
  afterEach('the invariants hold', async () => {
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
  });

  /** A user whose checkout, of two mice, waits for its payment. */
  async function paying(): Promise<{ user: Shopper; id: string; ended: Promise<Checkout> }> {
    const user = await shop.client.user(nextUser++);
    await user.add(2, 2);
    const id = checkoutIdFor(user.id, 'k');
    const ended = user.buy('k');
    await eventually(
      async () => (await user.shop.checkouts.list({ status: 'PAYMENT_PENDING' })).checkouts.length === 1,
      `the payment of checkout ${id}`,
    );
    return { user, id, ended };
  }

  it('what is added stays in the cart afterwards', async () => {
    const { user, ended } = await paying();
    await user.add(2, 3);
    await user.add(3, 1);
    expect(await ended).to.include({ status: 'COMPLETED', total_amount: 59.98 });
    await untilAllEnded(shop.stores);
    const left = (await user.shop.cart.get()).items.map(({ product_id, quantity }) => [product_id, quantity]);
    expect(left).to.deep.equal([
      [2, 3],
      [3, 1],
    ]);
  });

  it('another checkout of the same cart is told to wait, and what was added can be bought', async () => {
    const { user, ended } = await paying();
    expect(await refusalOf(user.buy('another'))).to.equal('409 checkout_in_progress');
    await user.add(5, 1);
    expect(await user.buy('a third')).to.include({ status: 'COMPLETED', total_amount: 249.99 });
    expect((await ended).status).to.equal('COMPLETED');
    await eventually(async () => (await user.shop.cart.get()).total_items === 0, 'an empty cart');
  });

  it('cancelling gives money and stock back and leaves the cart', async () => {
    const before = shop.stores.available(2);
    const { user, id, ended } = await paying();
    const cart = await user.shop.cart.get();
    const cancelled = await user.shop.checkouts.cancel(id);
    expect(cancelled).to.include({ status: 'FAILED', failure_reason: 'cancelled' });
    expect(await ended).to.deep.equal(cancelled);
    expect(await user.shop.checkouts.cancel(id), 'cancelled again').to.deep.equal(cancelled);
    expect(shop.stores.available(2)).to.equal(before);
    const payment = shop.stores.payments().find(({ checkoutId }) => checkoutId === id);
    expect(payment?.status, 'the payment').to.be.oneOf(['refunded', 'tombstone', undefined]);
    expect(await user.shop.cart.get()).to.deep.equal(cart);
    expect((await user.buy('after all')).status).to.equal('COMPLETED');
  });

  it('another user neither sees nor cancels it', async () => {
    const { id, ended } = await paying();
    const { checkouts } = (await shop.client.user(999)).shop;
    for (const call of [checkouts.get(id), checkouts.cancel(id)])
      expect(await refusalOf(call)).to.equal('404 not_found');
    expect((await ended).status).to.equal('COMPLETED');
  });

  it('it can no longer be cancelled once it has completed', async () => {
    const { user, id, ended } = await paying();
    await ended;
    expect(await refusalOf(user.shop.checkouts.cancel(id))).to.equal('409 conflict');
  });
});

describe('a checkout that outlasts its request', () => {
  let shop: RunningShop;
  before(async () => {
    shop = await startShop({ PAYMENT_DELAY_MS: '2500', REQUEST_TIMEOUT_MS: '1000' });
  });
  after(() => shop.stop());

  it('is answered 202 with its place, and goes on', async () => {
    const user = await shop.client.user(1);
    await user.add(1, 1);
    const { status, headers, body } = await user.checkout('k');
    expect({ status, location: headers.get('location') }).to.deep.equal({
      status: 202,
      location: `/api/v1/checkout/${body.checkout_id}`,
    });
    expect(body.status).to.not.equal('COMPLETED');
    const ended = await user.buy('k');
    expect(ended).to.include({ checkout_id: body.checkout_id, status: 'COMPLETED' });
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
    expect((await user.checkout('k')).status).to.equal(200);
  });

  it('is cancelled though the cancellation outlasts its request, too', async () => {
    const user = await shop.client.user(2);
    await user.add(1, 1);
    const { body } = await user.checkout('k');
    expect(body.status).to.equal('PAYMENT_PENDING');
    const cancel = `/checkout/${body.checkout_id}/cancel`;
    const first = await user.send('POST', cancel);
    expect(`${first.status} ${first.body.code ?? ''}`).to.equal('504 deadline_exceeded');
    const patient = shop.client.typed({ token: user.token });
    const cancelled = await patient.checkouts.cancel(body.checkout_id);
    expect(cancelled).to.include({ status: 'FAILED', failure_reason: 'cancelled' });
    expect((await user.send('POST', cancel)).body, 'once more').to.deep.equal(cancelled);
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
  });
});
