import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { ActorError, silentLogger } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { MemoryChanges } from '../testing/memory-changes.ts';
import { EventReading } from '../testing/read-events.ts';
import { positionOf, type EventPosition, type SourceName } from './event-id.ts';
import { EventStream, heartbeatMs, slowReaderMs, type StreamEnd } from './event-stream.ts';

const userId = 7;
const untilSettled = () => new Promise((resolve) => setImmediate(resolve));

/** A stream on sources in memory, of which a test reads as much as it likes. */
class World {
  readonly clock = new FakeClock();
  readonly checkouts: MemoryChanges<string>;
  readonly orders = new MemoryChanges<string>();
  readonly ends: StreamEnd[] = [];
  readonly asked: SourceName[] = [];
  cart = 3;
  random = 0.5;
  tokenFailure: Error | undefined;

  constructor(pageSize?: number) {
    this.checkouts = new MemoryChanges(pageSize);
  }

  open(from: EventPosition = {}, highWaterMark = 1_000_000) {
    const output = new PassThrough({ highWaterMark });
    const reading = new EventReading();
    const changes = (name: 'checkout' | 'order', source: MemoryChanges<string>) => {
      return async (user: number, position: string | undefined) => {
        this.asked.push(name);
        const { changed, ...page } = await source.changedSince(user, position);
        return { ...page, events: changed.map(({ view, ...rest }) => ({ ...rest, body: view })) };
      };
    };
    const stream = new EventStream({
      output,
      userId,
      requestId: 'r',
      from,
      checkToken: async () => {
        if (this.tokenFailure !== undefined) throw this.tokenFailure;
      },
      sources: {
        cart: async (_, position) => {
          this.asked.push('cart');
          const next = String(this.cart);
          const events = next === position ? [] : [{ id: 'c', version: this.cart, body: `cart ${next}` }];
          return { events, next, hasMore: false, isForeign: false };
        },
        checkout: changes('checkout', this.checkouts),
        order: changes('order', this.orders),
      },
      clock: this.clock,
      random: () => this.random,
      logger: silentLogger,
      readTimeoutMs: 1000,
      lifetimeMs: 900_000,
      reconnectMs: 1_500,
      onEvent: () => undefined,
      onEnd: (reason) => void this.ends.push(reason),
    });
    return {
      stream,
      output,
      reading,
      /** What has come by now. */
      read: async (ms = 0) => {
        await untilSettled();
        await this.clock.advance(ms);
        await untilSettled();
        reading.take(String(output.read() ?? ''));
        return reading;
      },
    };
  }
}

const told = ({ events }: EventReading) => events.map(({ event, data }) => [event, data]);

describe('a stream of events', () => {
  it('begins with the cart, says when it is there, and tells each change in its newest version', async () => {
    const world = new World();
    world.checkouts.put(userId, 'k', 'before');
    const { stream, read } = world.open();
    const reading = await read();
    expect(told(reading)).to.deep.equal([
      ['cart', { version: 3, cart: 'cart 3' }],
      ['ready', {}],
    ]);
    expect(reading.retryMs).to.equal(1_500);
    // An id only once there is a position in each source.
    expect(reading.events.map(({ id }) => id)).to.deep.equal(['', '3.1.0']);
    world.cart = 4;
    stream.changed('cart');
    world.checkouts.put(userId, 'k', 'changed');
    world.orders.put(userId, 'o', 'ordered');
    world.orders.put(8, 'p', "somebody else's");
    stream.changed();
    expect(told(await read(100)).slice(2)).to.deep.equal([
      ['cart', { version: 4, cart: 'cart 4' }],
      ['checkout', { version: 2, checkout: 'changed' }],
      ['order', { version: 1, order: 'ordered' }],
    ]);
    expect(positionOf(reading.lastId)).to.deep.equal({ cart: '4', checkout: '2', order: '2' });
  });

  it('is gone on from where it was cut off, wherever that is', async () => {
    // Pages of two: ids within a page must not say that the page is over.
    const world = new World(2);
    const first = world.open();
    const { lastId } = await first.read();
    first.stream.end('drained');
    for (let n = 1; n <= 7; n++) world.checkouts.put(userId, `k${n}`, `${n}`);
    world.orders.put(userId, 'o', 'ordered');
    const whole = await world.open(positionOf(lastId)).read();
    const all = told(whole);
    expect(all.map(([event]) => event)).to.deep.equal([
      ...Array<string>(7).fill('checkout'),
      'order',
      'ready',
    ]);
    for (const [index, { id }] of whole.events.entries()) {
      const rest = told(await world.open(positionOf(id)).read());
      // What comes is a part of the whole with all that had not come; a page may come again.
      expect(rest).to.deep.equal(all.slice(-rest.length));
      expect(rest.length).to.be.within(all.length - index - 1, all.length - index + 1);
    }
  });

  it('does not tell the same version twice, though its source does', async () => {
    const world = new World();
    const { stream, read } = world.open();
    await read();
    world.orders.put(userId, 'o', 'ordered');
    const since = world.orders.changedSince.bind(world.orders);
    // As where the transaction of an older change is still under way.
    world.orders.changedSince = async (user, position) => ({
      ...(await since(user, '0')),
      next: position ?? '0',
    });
    for (let round = 0; round < 3; round++) {
      stream.changed('order');
      await read(100);
    }
    world.orders.put(userId, 'o', 'shipped');
    stream.changed('order');
    expect(told(await read(100)).slice(2)).to.deep.equal([
      ['order', { version: 1, order: 'ordered' }],
      ['order', { version: 2, order: 'shipped' }],
    ]);
  });

  it('says where what was before is not known, and goes on from now', async () => {
    const world = new World();
    world.orders.put(userId, 'o', 'ordered');
    const { stream, read } = world.open(positionOf('3.99.0'));
    const reading = await read();
    expect(told(reading)).to.deep.equal([
      ['reset', { of: 'checkout' }],
      ['order', { version: 1, order: 'ordered' }],
      ['ready', {}],
    ]);
    world.checkouts.put(userId, 'k', 'new');
    stream.changed('checkout');
    expect(told(await read(100)).at(-1)).to.deep.equal(['checkout', { version: 1, checkout: 'new' }]);
  });

  it('tells a thing that changes without end a few times a second, and its last version always', async () => {
    const world = new World();
    const { stream, read } = world.open();
    await read();
    for (let n = 0; n < 1000; n++) {
      world.cart += 1;
      stream.changed('cart');
      await world.clock.advance(1);
    }
    const reading = await read(100);
    expect(reading.events.length).to.be.within(8, 13);
    expect(told(reading).at(-1)).to.deep.equal(['cart', { version: 1003, cart: 'cart 1003' }]);
  });

  it('shows that it is there, and looks at all sources by itself', async () => {
    const world = new World();
    const { read, reading } = world.open();
    await read();
    world.orders.put(userId, 'o', 'without a notice');
    await read(heartbeatMs + 100);
    expect(reading.beats).to.equal(1);
    expect(told(reading).at(-1)).to.deep.equal(['order', { version: 1, order: 'without a notice' }]);
    await read(3 * heartbeatMs);
    expect(reading.beats).to.equal(4);
    expect(positionOf(reading.lastId)).to.deep.equal({ cart: '3', checkout: '0', order: '1' });
  });

  it('waits for a store that is away, and loses nothing of what was changed meanwhile', async () => {
    const world = new World();
    world.checkouts.failure = new ActorError('unavailable', 'away');
    const { stream, read, reading } = world.open();
    await read();
    expect(told(reading)).to.deep.equal([['cart', { version: 3, cart: 'cart 3' }]]);
    await read(10 * heartbeatMs);
    const { length } = world.asked;
    // With a back-off: neither every moment nor never.
    expect(length).to.be.within(10, 50);
    expect(reading.beats).to.be.within(5, 10);
    world.checkouts.failure = undefined;
    await read(heartbeatMs);
    expect(told(reading).at(-1)).to.deep.equal(['ready', {}]);
    world.checkouts.put(userId, 'k', 'there');
    world.checkouts.failure = new ActorError('unavailable', 'away again');
    stream.changed('checkout');
    await read(heartbeatMs);
    world.checkouts.failure = undefined;
    await read(2 * heartbeatMs);
    expect(told(reading).at(-1)).to.deep.equal(['checkout', { version: 1, checkout: 'there' }]);
    expect(world.ends).to.deep.equal([]);
  });

  for (const [random, retriedAfterMs] of [
    [0, 250],
    [0.5, 375],
  ] as const)
    it(`tries again ${retriedAfterMs} ms after a failure when chance is ${random}, so that not all streams do at once`, async () => {
      const world = new World();
      world.random = random;
      world.checkouts.failure = new ActorError('unavailable', 'away');
      const { read } = world.open();
      await read();
      const tries = () => world.asked.filter((name) => name === 'checkout').length;
      await read(retriedAfterMs - 1);
      expect(tries()).to.equal(1);
      await read(1);
      expect(tries()).to.equal(2);
    });

  it('reads no more for who takes nothing, and cuts them off', async () => {
    const world = new World();
    const { stream, output } = world.open({}, 200);
    for (let round = 0; round < 100; round++) {
      world.cart += 1;
      stream.changed('cart');
      await world.clock.advance(100);
    }
    // One event too many at most.
    expect(output.readableLength + output.writableLength).to.be.below(1000);
    expect(world.asked.filter((name) => name === 'cart').length).to.be.below(10);
    await world.clock.advance(slowReaderMs);
    expect(world.ends).to.deep.equal(['slow']);
    expect(output.destroyed).to.equal(true);
  });

  it('goes on when a slow reader takes what was sent', async () => {
    const world = new World();
    const { stream, read, reading } = world.open({}, 200);
    await read();
    for (let round = 0; round < 20; round++) {
      world.cart += 1;
      stream.changed('cart');
      await read(slowReaderMs / 10);
    }
    expect(told(reading).at(-1)).to.deep.equal(['cart', { version: 23, cart: 'cart 23' }]);
    expect(world.ends).to.deep.equal([]);
  });

  it('ends when its token counts no more, but not where nobody can tell', async () => {
    const world = new World();
    const { read } = world.open();
    world.tokenFailure = new ActorError('unavailable', 'no keys to be had');
    await read(2 * heartbeatMs);
    expect(world.ends).to.deep.equal([]);
    world.tokenFailure = new ActorError('unauthorized', 'the token has expired');
    await read(heartbeatMs);
    expect(world.ends).to.deep.equal(['token']);
  });

  for (const [reason, happen] of [
    ['lifetime', ({ clock }: World) => clock.advance(900_000)],
    ['left', (_: World, output: PassThrough) => void output.destroy()],
    ['left', (_: World, output: PassThrough) => void output.destroy(new Error('ECONNRESET'))],
  ] as const)
    it(`ends once, asks no more and leaves no timer: ${reason}`, async () => {
      const world = new World();
      const { output, stream, read } = world.open();
      output.resume();
      await read();
      await happen(world, output);
      await untilSettled();
      expect(world.ends).to.deep.equal([reason]);
      const asked = world.asked.length;
      stream.changed();
      stream.end('drained');
      await world.clock.advance(10 * heartbeatMs);
      expect([world.ends, world.asked.length]).to.deep.equal([[reason], asked]);
    });
});
