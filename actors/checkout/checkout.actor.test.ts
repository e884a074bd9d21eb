import { expect } from 'chai';
import { codeOf, silentLogger } from '@trolley/runtime';
import { MemoryEventLog } from '@trolley/runtime/events';
import { createTestCluster, FakeClock, MemoryStateStore, type TestCluster } from '@trolley/runtime/testing';
import { createCartActor } from '../cart/cart.actor.ts';
import { startCartConsumer } from '../cart/cart.consumer.ts';
import { CartContract } from '../cart/cart.contract.ts';
import { createOrderActor } from '../order/order.actor.ts';
import { startOrderConsumer } from '../order/order.consumer.ts';
import { OrderContract } from '../order/order.contract.ts';
import { createCheckoutActor } from './checkout.actor.ts';
import { checkoutTopic } from './checkout-completed.ts';
import { CheckoutContract, checkoutIdFor } from './checkout.contract.ts';
import type { ChargeAnswer } from './checkout.ports.ts';

/** The three actors as they work together, on the real kernel, with services that always answer. */
function createShop() {
  const store = new MemoryStateStore();
  const ordered = new Set<string>();
  const clock = new FakeClock();
  const charges: ((answer: ChargeAnswer) => void)[] = [];
  let charged: () => void = () => {};
  const done = async () => {};
  const inventory = {
    reserve: async () => ({ reservationId: 'r' }),
    confirm: done,
    release: done,
    restock: done,
  };
  const payments = {
    charge: () =>
      new Promise<ChargeAnswer>((resolve) => {
        charges.push(resolve);
        charged();
      }),
    refund: done,
  };
  const cluster: TestCluster = createTestCluster({
    clock,
    actors: [
      {
        actor: createCartActor({
          views: { get: async () => undefined, put: done },
          limits: { maxCheckouts: 2, maxUnits: 5000 },
        }),
        store: new MemoryStateStore(),
      },
      {
        actor: createCheckoutActor({
          orders: { has: async (id) => ordered.has(id) },
          prices: { getMany: async () => [{ id: 1, name: 'Laptop', priceCents: 129_999 }] },
          inventory,
          payments,
          clock,
          reserveTimeoutMs: 30_000,
          paymentTimeoutMs: 60_000,
        }),
        store,
      },
      { actor: createOrderActor({ payments, inventory }), store: new MemoryStateStore() },
    ],
  });
  const checkout = (key: string) => cluster.refs.ref(CheckoutContract, checkoutIdFor(7, key));
  return {
    cluster,
    store,
    ordered,
    charges,
    cart: cluster.refs.ref(CartContract, '7'),
    checkout,
    start: (key: string) => checkout(key).start({ userId: 7, idempotencyKey: key }),
    /** Resolves when a charge is under way. */
    async charging() {
      while (charges.length === 0) await new Promise<void>((resolve) => (charged = resolve));
    },
    answerCharge: (answer: ChargeAnswer) => charges.shift()?.(answer),
  };
}

const paid: ChargeAnswer = { status: 'success', paymentId: 'p' };

describe('checkout actor', () => {
  let shop: ReturnType<typeof createShop>;

  beforeEach(async () => {
    shop = createShop();
    await shop.cart.addItem({ productId: 1, quantity: 2 });
  });
  afterEach(() => shop.cluster.close());

  it('sells a cart: one order, and an empty cart but for what came in meanwhile', async () => {
    const started = [shop.start('a'), shop.start('a')];
    await shop.charging();
    expect((await shop.checkout('a').getStatus()).status).to.equal('PAYMENT_PENDING');
    await shop.cart.addItem({ productId: 1, quantity: 3 });
    shop.answerCharge(paid);
    const answers = await Promise.all(started);
    expect(answers.map(({ checkout }) => [checkout.status, checkout.totalCents])).to.deep.equal([
      ['COMPLETED', 259_998],
      ['COMPLETED', 259_998],
    ]);
    expect(answers.map(({ created }) => created).sort()).to.deep.equal([false, true]);
    expect((await shop.start('a')).created).to.equal(false);

    const log = new MemoryEventLog();
    const deps = { log, logger: silentLogger, refs: shop.cluster.refs };
    const consumers = [await startCartConsumer(deps), await startOrderConsumer(deps)];
    const events = shop.store.published.map(({ type, partitionKey, payload }) => {
      return { id: 'e1', key: partitionKey, type, value: JSON.stringify(payload), headers: {} };
    });
    await log.append(checkoutTopic, [...events, ...events]);
    for (const consumer of consumers) while ((await consumer.lag()) > 0) await new Promise(setImmediate);
    await log.close();

    expect((await shop.cart.getCart()).items.map(({ quantity }) => quantity)).to.deep.equal([3]);
    const order = shop.cluster.refs.ref(OrderContract, checkoutIdFor(7, 'a'));
    expect((await order.setStatus({ status: 'PROCESSING' })).totalCents).to.equal(259_998);
    expect((await order.cancel()).status).to.equal('CANCELLED');
  });

  it('is written twice where each step is quick: with its prices, and with its end', async () => {
    const started = shop.start('a');
    await shop.charging();
    expect(shop.store.writes, 'writes before the charge').to.equal(1);
    shop.answerCharge(paid);
    expect((await started).checkout.status).to.equal('COMPLETED');
    expect(shop.store.writes).to.equal(2);
  });

  it('refuses a second checkout of what the first has claimed, and keeps nothing of it', async () => {
    const first = shop.start('a');
    await shop.charging();
    expect(await shop.start('b').then(() => 'none', codeOf)).to.equal('checkout_in_progress');
    expect(
      await shop
        .checkout('b')
        .getStatus()
        .then(() => 'none', codeOf),
    ).to.equal('not_found');
    shop.answerCharge({ status: 'failed', reason: 'no_funds' });
    expect((await first).checkout).to.include({
      status: 'FAILED',
      failureReason: 'payment_declined: no_funds',
    });

    const again = shop.start('b');
    await shop.charging();
    shop.answerCharge(paid);
    expect(await again).to.have.property('created', true);
    expect((await again).checkout.status).to.equal('COMPLETED');
  });

  it('keeps nothing of a start that was refused, whoever asked or cancelled meanwhile', async () => {
    await shop.cart.clearCart();
    expect(await shop.start('a').then(() => 'none', codeOf)).to.equal('empty_cart');
    expect(shop.store.writes, 'writes').to.equal(0);
    const asked = ['a', 'a', 'b'].map((key) => shop.start(key).then(() => 'none', codeOf));
    expect(await Promise.all(asked)).to.deep.equal(['empty_cart', 'empty_cart', 'empty_cart']);
    expect([shop.store.keys(), shop.store.published]).to.deep.equal([[], []]);
    expect(
      await shop
        .checkout('a')
        .getStatus()
        .then(() => 'none', codeOf),
    ).to.equal('not_found');

    await shop.cart.addItem({ productId: 1, quantity: 1 });
    const accepted = shop.start('a');
    await shop.charging();
    shop.answerCharge(paid);
    expect((await accepted).checkout.status).to.equal('COMPLETED');
  });

  it('sells nothing under the key of an order whose checkout was removed', async () => {
    shop.ordered.add(checkoutIdFor(7, 'a'));
    expect(await shop.start('a').then(() => 'none', codeOf)).to.equal('idempotency_key_reused');
    expect([shop.store.keys(), shop.charges]).to.deep.equal([[], []]);
    const other = shop.start('b');
    await shop.charging();
    shop.answerCharge(paid);
    expect((await other).checkout.status, 'the cart is free').to.equal('COMPLETED');
    await shop.cart.clearCart();
    expect(await shop.start('a').then(() => 'none', codeOf), 'whatever is in the cart').to.equal(
      'idempotency_key_reused',
    );
  });

  it('lets so many checkouts of a user be under way, and another as soon as one has ended', async () => {
    const answers = [shop.start('a')];
    await shop.charging();
    await shop.cart.addItem({ productId: 1, quantity: 1 });
    answers.push(shop.start('b'));
    while (shop.charges.length < 2) await new Promise(setImmediate);
    await shop.cart.addItem({ productId: 1, quantity: 1 });
    expect(await shop.start('c').then(() => 'none', codeOf)).to.equal('too_many_checkouts');
    expect(shop.store.keys()).to.have.members(['a', 'b'].map((key) => checkoutIdFor(7, key)));

    // No event of it has come to the cart.
    shop.answerCharge(paid);
    expect((await answers[0])?.checkout.status).to.equal('COMPLETED');
    answers.push(shop.start('c'));
    while (shop.charges.length < 2) await new Promise(setImmediate);
    shop.answerCharge(paid);
    shop.answerCharge(paid);
    for (const answer of answers) expect((await answer).checkout.status).to.equal('COMPLETED');
  });

  it('refuses an empty cart and the key of another checkout', async () => {
    await shop.cart.clearCart();
    expect(await shop.start('a').then(() => 'none', codeOf)).to.equal('empty_cart');
    const wrong = shop.checkout('a').start({ userId: 8, idempotencyKey: 'a' });
    expect(await wrong.then(() => 'none', codeOf)).to.equal('invalid_request');
  });

  it('cancels for its owner while the charge runs, and says so again; not once it is paid', async () => {
    const started = shop.start('a');
    await shop.charging();
    const cancel = (userId: number) => shop.checkout('a').cancel({ userId });
    expect(await cancel(8).then(() => 'none', codeOf)).to.equal('not_found');
    const cancelled = cancel(7);
    await shop.checkout('a').getStatus();
    shop.answerCharge(paid);
    expect(await cancelled).to.include({ status: 'FAILED', failureReason: 'cancelled' });
    expect((await started).checkout).to.deep.equal(await cancelled);
    expect(await cancel(7)).to.deep.equal(await cancelled);

    const second = shop.start('b');
    await shop.charging();
    shop.answerCharge(paid);
    await second;
    const late = shop.checkout('b').cancel({ userId: 7 });
    expect(await late.then(() => 'none', codeOf)).to.equal('conflict');
  });

  it('asks again at once when an operator has it resumed, also after its node has died; not once it is over', async () => {
    const started = shop.start('a');
    await shop.charging();
    expect((await shop.checkout('a').resume({ by: 'ada' })).status).to.equal('PAYMENT_PENDING');
    // The first answer comes too late: nobody waits for that charge any more.
    shop.answerCharge({ status: 'failed', reason: 'no_funds' });
    await shop.charging();
    shop.cluster.crash();
    shop.charges.length = 0;
    await shop.charging();
    shop.answerCharge(paid);
    expect((await started).checkout.status).to.equal('COMPLETED');
    expect(
      await shop
        .checkout('a')
        .resume({})
        .then(() => 'none', codeOf),
    ).to.equal('conflict');
    expect(
      await shop
        .checkout('b')
        .resume({})
        .then(() => 'none', codeOf),
    ).to.equal('not_found');
  });

  it('is given up for an operator wherever it stands, and said so again; not once it is COMPLETED', async () => {
    const started = shop.start('a');
    await shop.charging();
    const giveUp = (key: string) => shop.checkout(key).compensate({ reason: 'the buyer called', by: 'ada' });
    await giveUp('a');
    shop.answerCharge(paid);
    expect((await started).checkout).to.include({ status: 'FAILED', failureReason: 'compensated' });
    expect((await giveUp('a')).status).to.equal('FAILED');

    const second = shop.start('b');
    await shop.charging();
    shop.answerCharge(paid);
    expect((await second).checkout.status).to.equal('COMPLETED');
    expect(await giveUp('b').then(() => 'none', codeOf)).to.equal('conflict');
  });

  it('goes on after its node has died while the charge was under way', async () => {
    const started = shop.start('a');
    await shop.charging();
    shop.answerCharge(paid);
    shop.cluster.crash();
    await shop.charging();
    shop.answerCharge(paid);
    expect((await started).checkout.status).to.equal('COMPLETED');
    expect(shop.store.published.length).to.equal(1);
  });
});
