import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { silentLogger } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { MemoryChanges, MemoryNotices } from '../testing/memory-changes.ts';
import { EventReading } from '../testing/read-events.ts';
import type { SourceName } from './event-id.ts';
import type { EventSource } from './event-source.ts';
import { EventStreams } from './event-streams.ts';

const userId = 7;
const untilSettled = () => new Promise((resolve) => setImmediate(resolve));

/** A stream that has just begun, each of whose reads a test may do something behind. */
class Beginning {
  readonly clock = new FakeClock();
  readonly notices = new MemoryNotices();
  readonly checkouts = new MemoryChanges<string>();
  readonly orders = new MemoryChanges<string>();
  /** Called when what the source has is read, and has not reached the stream. */
  readonly behindRead = new Map<SourceName, () => void>();
  cart = 3;
  readonly #output = new PassThrough();
  readonly #reading = new EventReading();

  begin(): void {
    const { clock, notices, checkouts, orders } = this;
    const changesOf =
      (changes: MemoryChanges<string>): EventSource =>
      async (user, position) => {
        const { changed, ...page } = await changes.changedSince(user, position);
        return { ...page, events: changed.map(({ view, ...rest }) => ({ ...rest, body: view })) };
      };
    const streams = new EventStreams({
      sources: {
        cart: this.#told('cart', async (_, position) => {
          const next = String(this.cart);
          const events = next === position ? [] : [{ id: 'c', version: this.cart, body: `cart ${next}` }];
          return { events, next, hasMore: false, isForeign: false };
        }),
        checkout: this.#told('checkout', changesOf(checkouts)),
        order: this.#told('order', changesOf(orders)),
      },
      ...{ clock, subscriber: notices, random: () => 0.5, logger: silentLogger, readTimeoutMs: 1_000 },
      limits: { maxStreams: 1, maxPerUser: 1 },
    });
    const output = this.#output as unknown as ServerResponse;
    streams.begin(output, { userId, requestId: 'r', from: {}, checkToken: async () => undefined });
  }

  /** All that has come once nothing is left to be read. */
  async events(): Promise<(readonly [string, unknown])[]> {
    for (let rounds = 0; rounds < 5; rounds++) {
      await untilSettled();
      await this.clock.advance(100);
    }
    await untilSettled();
    this.#reading.take(String(this.#output.read() ?? ''));
    return this.#reading.events.map(({ event, data }) => [event, data]);
  }

  #told(name: SourceName, source: EventSource): EventSource {
    return async (...asked) => {
      const page = await source(...asked);
      this.behindRead.get(name)?.();
      this.behindRead.delete(name);
      return page;
    };
  }
}

describe('a stream of events that begins', () => {
  const cart = (version: number) => ['cart', { version, cart: `cart ${version}` }] as const;
  const ready = ['ready', {}] as const;

  it('follows its user before it reads anything', () => {
    const beginning = new Beginning();
    beginning.begin();
    expect(beginning.notices.followed).to.deep.equal([userId]);
  });

  for (const source of ['cart', 'checkout', 'order'] as const)
    it(`tells once of a cart that changes behind the first look at the ${source}`, async () => {
      const beginning = new Beginning();
      beginning.behindRead.set(source, () => {
        beginning.cart = 4;
        beginning.notices.publish(userId, 'cart');
      });
      beginning.begin();
      expect(await beginning.events()).to.deep.equal([cart(3), ready, cart(4)]);
    });

  it('tells once of a checkout and an order that are made while it reads', async () => {
    const beginning = new Beginning();
    beginning.behindRead.set('order', () => {
      beginning.checkouts.put(userId, 'k', 'bought');
      beginning.orders.put(userId, 'o', 'ordered');
      for (const thing of ['checkout', 'order', 'checkout'] as const)
        beginning.notices.publish(userId, thing);
    });
    beginning.begin();
    expect(await beginning.events()).to.deep.equal([
      cart(3),
      ready,
      ['checkout', { version: 1, checkout: 'bought' }],
      ['order', { version: 1, order: 'ordered' }],
    ]);
  });

  it('looks again once notices are heard, as one before that was not', async () => {
    const beginning = new Beginning();
    beginning.behindRead.set('cart', () => (beginning.cart = 4));
    beginning.begin();
    expect(await beginning.events()).to.deep.equal([cart(3), ready]);
    beginning.notices.publish(userId);
    expect(await beginning.events()).to.deep.equal([cart(3), ready, cart(4)]);
  });

  it('says nothing twice where a notice is of what was read already', async () => {
    const beginning = new Beginning();
    beginning.begin();
    beginning.cart = 4;
    beginning.notices.publish(userId, 'cart');
    expect(await beginning.events()).to.deep.equal([cart(4), ready]);
    beginning.notices.publish(userId, 'cart');
    expect(await beginning.events()).to.deep.equal([cart(4), ready]);
  });
});
