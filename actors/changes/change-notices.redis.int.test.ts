import { expect } from 'chai';
import { Redis } from 'ioredis';
import { silentLogger, systemClock } from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { createRedisCartViews } from '../cart/cart.view.redis.ts';
import {
  changesOf,
  createRedisChangeSubscriber,
  createRedisChangePublisher,
} from './change-notices.redis.ts';
import type { ChangedThing } from './change-notices.contract.ts';

// Publishing knows no logical databases: users of one's own.
let users = 7_000_000 + process.pid * 100;

describe('notices of changes over Redis', () => {
  const options = { clock: systemClock, logger: silentLogger };
  let url: string;
  let redis: Awaited<ReturnType<typeof openRedis>>;
  let control: Redis;
  let subscriber: ReturnType<typeof createRedisChangeSubscriber>;
  let userId: number;

  before(async () => {
    ({ url } = await createTestRedis());
    redis = await openRedis(url, options);
    control = new Redis(url);
  });
  beforeEach(() => {
    userId = users += 1;
    subscriber = createRedisChangeSubscriber({ redis, ...options });
  });
  afterEach(() => subscriber.close());
  after(() => {
    redis.disconnect();
    control.disconnect();
  });

  /** What a follower hears, one after the other. */
  function listen(user = userId) {
    const heard: (ChangedThing | 'perhaps')[] = [];
    let more = () => {};
    const stop = subscriber.subscribe(user, (thing) => {
      heard.push(thing ?? 'perhaps');
      more();
    });
    const next = async () => {
      while (heard.length === 0) await new Promise<void>((resolve) => (more = resolve));
      return heard.shift();
    };
    return { heard, next, stop };
  }
  /** Of this logical database; gives their number. */
  async function killListeners(): Promise<number> {
    const own = `db=${control.options.db}`;
    const clients = ((await control.call('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string).split('\n');
    const ids = clients
      .filter((line) => line.split(' ').includes(own))
      .map((line) => /id=(\d+)/.exec(line)?.[1]);
    for (const id of ids) await control.call('CLIENT', 'KILL', 'ID', String(id));
    return ids.length;
  }
  const viewsOn = (on: typeof redis) =>
    createRedisCartViews({ redis: on, random: () => 0, logger: silentLogger });
  const cart = (version: number) => {
    const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
    return { cartId: '0f8fad5b-d9cb-469f-a165-70867728950e', userId, items: [], version, ...times };
  };
  const notices = () => createRedisChangePublisher({ redis, logger: silentLogger });

  it('say first that something may have been missed, then what has changed, of that user alone', async () => {
    const [one, same, other] = [listen(), listen(), listen(userId + 50)];
    for (const each of [one, same, other]) expect(await each.next()).to.equal('perhaps');
    notices().publish(userId, 'checkout');
    notices().publish(userId, 'order');
    for (const each of [one, same])
      expect([await each.next(), await each.next()]).to.deep.equal(['checkout', 'order']);
    notices().publish(userId + 50, 'cart');
    expect(await other.next()).to.equal('cart');
    expect([one.heard, same.heard]).to.deep.equal([[], []]);
  });

  it('come of each cart that is put in its place', async () => {
    const { next } = listen();
    expect(await next()).to.equal('perhaps');
    const views = viewsOn(redis);
    await views.put(cart(4));
    expect(await next()).to.equal('cart');
    expect((await views.get(userId))?.version).to.equal(4);
  });

  it('are no condition for a cart: it is put in its place where nobody may publish', async () => {
    const user = `no-channels-${process.pid}`;
    await control.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '+@all', 'resetchannels');
    const silenced = await openRedis(
      Object.assign(new URL(url), { username: user, password: 'secret' }).href,
      options,
    );
    try {
      const refused = await silenced.publish(changesOf(userId), 'cart').catch(String);
      expect(refused).to.include('NOPERM');
      await viewsOn(silenced).put(cart(5));
      expect((await viewsOn(redis).get(userId))?.version).to.equal(5);
    } finally {
      silenced.disconnect();
      await control.call('ACL', 'DELUSER', user);
    }
  });

  it('are no longer heard by who has gone, nor asked for of Redis', async () => {
    const [one, same] = [listen(), listen()];
    await Promise.all([one.next(), same.next()]);
    const count = async () => (await control.pubsub('NUMSUB', changesOf(userId)))[1];
    expect(await count()).to.equal(1);
    one.stop();
    one.stop();
    notices().publish(userId, 'cart');
    expect(await same.next()).to.equal('cart');
    expect(one.heard).to.deep.equal([]);
    same.stop();
    while ((await count()) !== 0);
    const again = listen();
    expect(await again.next()).to.equal('perhaps');
    expect(await count()).to.equal(1);
  });

  it('say that something may have been missed when their connection was lost', async () => {
    const { next } = listen();
    expect(await next()).to.equal('perhaps');
    for (let round = 0; round < 2; round++) {
      expect(await killListeners()).to.equal(1);
      notices().publish(userId, 'order');
      expect(await next()).to.equal('perhaps');
      notices().publish(userId, 'cart');
      expect(await next()).to.equal('cart');
    }
  });

  it('that cannot be sent fail nobody', async () => {
    const gone = new Redis({
      port: 1,
      lazyConnect: true,
      enableOfflineQueue: false,
      retryStrategy: () => null,
    });
    gone.on('error', () => undefined);
    createRedisChangePublisher({ redis: gone, logger: silentLogger }).publish(userId, 'cart');
    await new Promise((resolve) => setImmediate(resolve));
    gone.disconnect();
  });

  it('can be closed at any moment', async () => {
    listen();
    await subscriber.close();
  });
});
