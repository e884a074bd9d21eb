import { expect } from 'chai';
import { type ActorRefs, silentLogger, ActorError } from '@trolley/runtime';
import type { EventLog, LogRecord, SubscribeOptions } from '@trolley/runtime/events';
import { createRef, type MessageSender } from '@trolley/runtime/testing';
import { startCartConsumer } from '../cart/cart.consumer.ts';
import { startOrderConsumer } from '../order/order.consumer.ts';

const checkoutId = '00000000-0000-4000-8000-000000000001';
const event = {
  checkout_id: checkoutId,
  user_id: '7',
  items: [{ product_id: 1, product_name: 'Laptop', quantity: 200, unit_price: 1299.99, subtotal: 259998 }],
  total_amount: 259998,
  currency: 'USD',
  completed_at: '2026-01-01T00:00:00.000Z',
};

interface Asked {
  readonly type: string;
  readonly key: string;
  readonly name: string;
  readonly input: unknown;
  readonly messageId: string | undefined;
  readonly traceparent?: string;
}

/** A log with a single subscriber, and actors that answer what they are told to. */
function createWorld() {
  const subscribed: SubscribeOptions[] = [];
  const rejected: string[] = [];
  const asked: Asked[] = [];
  let failure: ActorError | undefined;
  const log: EventLog = {
    append: async () => {},
    async subscribe(options) {
      subscribed.push(options);
      return { lag: async () => 0, close: async () => {}, [Symbol.asyncDispose]: async () => {} };
    },
    async reject(_topic, _record, reason) {
      rejected.push(reason);
    },
    replay: async () => {},
    read: async () => ({ records: [] }),
    lag: async () => [],
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  const sender: MessageSender = {
    async ask({ contract: { type }, key, name, input }, { messageId, traceparent }) {
      const trace = traceparent === undefined ? {} : { traceparent };
      asked.push({ type, key, name, input, messageId, ...trace });
      if (failure !== undefined) throw failure;
      return {};
    },
    tell: async () => {},
  };
  const refs: ActorRefs = { ref: (contract, key) => createRef(sender, contract, key) };
  return {
    deps: { log, refs, logger: silentLogger },
    subscribed,
    rejected,
    asked,
    failWith: (error: ActorError) => void (failure = error),
    async handle(value: unknown, type = 'CheckoutCompleted', headers: LogRecord['headers'] = {}) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      const record: LogRecord = {
        id: 'e1',
        key: '7',
        type,
        value: text,
        headers,
        partition: 0,
        offset: '1',
      };
      await subscribed[0]!.handle(record);
    },
  };
}

describe('consumers of completed checkouts', () => {
  it('have the groups that the wire names', async () => {
    const world = createWorld();
    await startCartConsumer(world.deps);
    await startOrderConsumer(world.deps);
    expect(world.subscribed.map(({ topic, group }) => [topic, group])).to.deep.equal([
      ['checkout-outbox', 'cart-service-consumer'],
      ['checkout-outbox', 'orders-service'],
    ]);
  });

  it('settles the purchase with the cart', async () => {
    const world = createWorld();
    await startCartConsumer(world.deps);
    await world.handle(event);
    const input = { checkoutId, lines: [{ productId: 1, quantity: 200 }], completedAt: event.completed_at };
    expect(world.asked).to.deep.equal([
      { type: 'cart', key: '7', name: 'SettlePurchase', input, messageId: 'e1' },
    ]);
  });

  it('creates the order', async () => {
    const world = createWorld();
    await startOrderConsumer(world.deps);
    await world.handle({ ...event, unknown_field: 1 });
    expect(world.asked).to.deep.equal([
      { type: 'order', key: checkoutId, name: 'Create', input: event, messageId: 'e1' },
    ]);
  });

  it('passes on the trace of the event, when it is one, and knows one form of its id', async () => {
    const world = createWorld();
    await startOrderConsumer(world.deps);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const id = 'abcdef00-0000-4000-8000-000000000001';
    await world.handle({ ...event, checkout_id: id.toUpperCase() }, undefined, { traceparent });
    await world.handle(event, undefined, { traceparent: `${traceparent}\0` });
    expect(world.asked.map(({ key, traceparent: trace }) => [key, trace])).to.deep.equal([
      [id, traceparent],
      [checkoutId, undefined],
    ]);
  });

  it('skips other events, and rejects what it cannot understand', async () => {
    const world = createWorld();
    await startOrderConsumer(world.deps);
    await world.handle('anything', 'CheckoutPostponed');
    expect(world.rejected).to.deep.equal([]);
    await world.handle('{');
    await world.handle({ ...event, user_id: 7, items: [] });
    expect(world.rejected[0]).to.equal('not JSON');
    expect(world.rejected[1]).to.match(/^user_id: .*; items: /);
    expect(world.asked).to.deep.equal([]);
  });

  it('rejects what is refused for good, and throws what may pass', async () => {
    const world = createWorld();
    await startOrderConsumer(world.deps);
    world.failWith(new ActorError('invalid_request', 'no'));
    await world.handle(event);
    expect(world.rejected).to.deep.equal(['invalid_request: no']);
    for (const code of ['unavailable', 'deadline_exceeded', 'mailbox_full', 'internal'] as const) {
      world.failWith(new ActorError(code, 'later'));
      const thrown = await world.handle(event).then(
        () => undefined,
        (error: unknown) => (error as ActorError).code,
      );
      expect(thrown).to.equal(code);
    }
    expect(world.rejected.length).to.equal(1);
  });
});
