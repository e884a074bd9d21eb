import { expect } from 'chai';
import { eventually } from './eventually.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { startShop, type RunningShop } from './running-shop.ts';

describe('a checkout that fails', () => {
  let shop: RunningShop;
  before(async () => {
    shop = await startShop({ SEED_STOCK: '5', LOG_LEVEL: 'info' });
  });
  after(() => shop.stop());
  afterEach('the invariants hold', async () => {
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
  });

  for (const reason of ['card_declined', 'no_funds', 'card_expired', 'invalid_ccv', 'network_error']) {
    it(`says ${reason}, and leaves stock and cart as before`, async () => {
      const user = await shop.client.user(1);
      if ((await user.shop.cart.get()).total_items === 0) await user.add(1, 2);
      const stock = shop.stores.stock();
      const cart = await user.shop.cart.get();
      const { status, headers, body } = await user.checkout(reason, { payment_method: reason });
      const requestId = headers.get('x-request-id') ?? expect.fail('an answer has a request id');
      const logged = () => shop.log.filter((line) => line.includes(requestId));
      const [line] = await eventually(() => logged().length > 0 && logged(), 'the line of the request');
      expect([logged().length, line?.includes('"stack"')], 'one line, without a stack').to.deep.equal([
        1,
        false,
      ]);
      expect(body).to.include({
        status: 'FAILED',
        failure_reason: `payment_declined: ${reason}`,
      });
      expect(status).to.equal(201);
      expect(shop.stores.stock()).to.deep.equal(stock);
      expect(await user.shop.cart.get()).to.deep.equal(cart);

      const other = await user.checkout(reason, { payment_method: 'card' });
      expect(`${other.status} ${other.body.code ?? ''}`).to.equal('409 idempotency_key_reused');
      const again = await user.checkout(reason, { payment_method: reason });
      expect(again.status, 'the same key again').to.equal(200);
      expect(again.body).to.deep.equal(body);
      expect((await user.shop.orders.list()).orders).to.deep.equal([]);
    });
  }

  it('leaves a cart that can be bought with another card', async () => {
    const user = await shop.client.user(1);
    expect((await user.buy('with a good card')).status).to.equal('COMPLETED');
  });

  it('for want of stock has reserved nothing, of no product', async () => {
    const user = await shop.client.user(2);
    await user.add(2, 1);
    await user.add(3, 6);
    const cart = await user.shop.cart.get();
    const { status, body } = await user.checkout('too much');
    expect(status).to.equal(201);
    expect(body).to.include({ status: 'FAILED', failure_reason: 'insufficient_stock' });
    const [mouse, keyboard] = [shop.stores.available(2), shop.stores.available(3)];
    expect([mouse, keyboard]).to.deep.equal([5, 5]);
    expect(await user.shop.cart.get()).to.deep.equal(cart);
    expect(shop.stores.payments().some(({ checkoutId }) => checkoutId === body.checkout_id)).to.be.false;

    await user.send('PUT', '/cart/items/3', { json: { quantity: 5 } });
    expect((await user.buy('as much as there is')).status).to.equal('COMPLETED');
    expect(shop.stores.available(3)).to.equal(0);
  });

  it('with nothing to buy was never accepted: the same key buys later', async () => {
    const user = await shop.client.user(3);
    const refused = await user.checkout('k');
    expect(`${refused.status} ${refused.body.code ?? ''}`).to.equal('400 empty_cart');
    await user.add(4, 1);
    const { status, body } = await user.checkout('k');
    expect({ status, checkout: body.status }).to.deep.equal({ status: 201, checkout: 'COMPLETED' });
  });
});
