import { expect } from 'chai';
import { describeShop } from '../../../gateway/testing/shop.suite.ts';
import type { Parsed } from '../../../gateway/testing/test-gateway.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import type { Shopper } from './shop-client.ts';

describe('the shop sells', () => {
  let shop: RunningShop;
  let nextUser = 1;
  const newUser = (): Promise<Shopper> => shop.client.user(nextUser++);

  before(async () => {
    shop = await startShop();
  });
  after(() => shop.stop());
  afterEach('the invariants hold', async () => {
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
  });

  describeShop('the shop', () => ({
    newUser: () => nextUser++,
    async send(method, path, { as, json }) {
      const user = await (as === 'admin' ? shop.client.user(1, 'admin') : shop.client.user(as));
      const { body, ...answer } = await shop.client.send<Parsed>(method, path, { token: user.token, json });
      return { ...answer, json: body };
    },
  }));

  const orderOf = (user: Shopper) =>
    eventually(async () => (await user.shop.orders.list()).orders[0], `the order of user ${user.id}`);

  it('two laptops and a mouse, once, whatever is asked again', async () => {
    const user = await newUser();
    await user.add(1, 2);
    expect(await user.add(2, 1)).to.include({ total_items: 2, total_price: 2629.97, user_id: user.id });

    const address = { street: '1 Main Street', city: 'Springfield' };
    const { status, body: checkout } = await user.checkout('first', { shipping_address: address });
    expect(checkout).to.include({ status: 'COMPLETED', total_amount: 2629.97 });
    expect(status).to.equal(201);

    const order = await orderOf(user);
    expect(order).to.include({
      checkout_id: checkout.checkout_id,
      status: 'CONFIRMED',
      total_amount: 2629.97,
    });
    expect(order.items).to.deep.equal([
      { product_id: 1, product_name: 'Laptop', quantity: 2, price: 1299.99 },
      { product_id: 2, product_name: 'Mouse', quantity: 1, price: 29.99 },
    ]);
    expect(order.shipping_address).to.deep.equal(address);
    await eventually(async () => (await user.shop.cart.get()).total_items === 0, 'an empty cart');

    const again = await user.checkout('first', { shipping_address: address });
    expect(again.status).to.equal(200);
    expect(again.body).to.deep.equal(checkout);
    expect((await user.shop.orders.list()).orders).to.deep.equal([order]);
    expect(await user.shop.orders.get(order.id)).to.deep.equal(order);
    const { history } = await user.shop.checkouts.get(checkout.checkout_id);
    expect(history.map((step) => step.status)).to.include.members(['INITIATED', 'COMPLETED']);
  });

  it('to two users under the same key', async () => {
    const users = [await newUser(), await newUser()];
    for (const user of users) await user.add(2, 1);
    const answers = await Promise.all(users.map((user) => user.checkout('the same key')));
    expect(answers.map(({ status }) => status)).to.deep.equal([201, 201]);
    expect(new Set(answers.map(({ body }) => body.checkout_id)).size).to.equal(2);
    for (const user of users) expect((await orderOf(user)).user_id).to.equal(user.id);
  });

  it('once, when the same key is posted 20 times at once', async () => {
    const user = await newUser();
    await user.add(3, 1);
    const answers = await Promise.all(Array.from({ length: 20 }, () => user.checkout('twenty')));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([...Array<number>(19).fill(200), 201]);
    expect(new Set(answers.map(({ text }) => text)).size, 'different answers').to.equal(1);
    expect(answers[0]?.body.status).to.equal('COMPLETED');
    await orderOf(user);
    expect((await user.shop.orders.list()).orders).to.have.length(1);
  });

  it('a cart once, when it is checked out under 8 keys at once', async () => {
    const user = await newUser();
    await user.add(4, 2);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => user.checkout(`one of eight ${index}`)),
    );
    const sold = answers.filter(({ status }) => status === 201);
    expect(sold.map(({ body }) => body.status)).to.deep.equal(['COMPLETED']);
    for (const { status, body } of answers.filter((answer) => answer !== sold[0])) {
      expect(`${status} ${body.code ?? ''}`).to.be.oneOf(['400 empty_cart', '409 checkout_in_progress']);
    }
    await eventually(async () => (await user.shop.cart.get()).total_items === 0, 'an empty cart');
    await orderOf(user);
    expect((await user.shop.orders.list()).orders).to.have.length(1);
  });

  it('to the last unit and no further, when more buyers come than there is stock', async () => {
    const scarce = await startShop({ SEED_STOCK: '7' });
    try {
      const users = await scarce.client.users(1, 12);
      for (const user of users) await user.add(1, 1);
      const answers = await Promise.all(users.map((user) => user.checkout('k')));
      expect(answers.map(({ status }) => status)).to.deep.equal(Array(12).fill(201));
      const completed = answers.filter(({ body }) => body.status === 'COMPLETED');
      expect(completed).to.have.length(7);
      for (const { body } of answers.filter((answer) => !completed.includes(answer))) {
        expect(body).to.include({ status: 'FAILED', failure_reason: 'insufficient_stock' });
        expect(body.failure_details).to.deep.equal([{ product_id: 1, requested: 1, available: 0 }]);
      }
      await untilAllEnded(scarce.stores);
      await expectInvariants(scarce.stores);
      expect(scarce.stores.available(1)).to.equal(0);
    } finally {
      await scarce.stop();
    }
  });

  it('what each of many buyers put in, all at once', async () => {
    const users = await shop.client.users(1000, 30);
    await Promise.all(
      users.map(async (user, index) => {
        const bought = { product_id: (index % 5) + 1, quantity: (index % 2) + 1 };
        await user.add(bought.product_id, bought.quantity);
        const { status, body } = await user.checkout('k');
        expect({ status, checkout: body.status }).to.deep.equal({ status: 201, checkout: 'COMPLETED' });
        expect((await orderOf(user)).items[0]).to.include(bought);
      }),
    );
  });
});
