import { expect } from 'chai';
import { Redis } from 'ioredis';
import { codeOf, silentLogger } from '@trolley/runtime';
import { createTestRedis, type TestRedis } from '@trolley/runtime/testing/suites';
import { addItem, emptyCart, viewOf } from './cart.state.ts';
import { createRedisCartViews } from './cart.view.redis.ts';

const view = (version: number) => ({
  ...viewOf(addItem(emptyCart(7, 0), { productId: 1, quantity: 2 }, 0)),
  version,
});

describe('cart views in Redis', () => {
  let server: TestRedis;
  let redis: Redis;

  before(async () => {
    server = await createTestRedis();
    redis = new Redis(server.url);
  });
  after(() => redis.disconnect());
  beforeEach(() => server.flush());

  const views = (random = 0) => createRedisCartViews({ redis, random: () => random, logger: silentLogger });

  it('gives what was put, and nothing before', async () => {
    expect(await views().get(7)).to.equal(undefined);
    await views().put(view(3));
    expect(await views().get(7)).to.deep.equal(view(3));
    expect(await views().get(8)).to.equal(undefined);
  });

  it('reads what is asked for at once with one command, also of who has none', async () => {
    const carts = [1, 2, 3].map((userId) => ({ ...view(userId), userId }));
    for (const cart of carts) await views().put(cart);
    const reads = async () => {
      const told = /cmdstat_mget:calls=(\d+)/.exec(await redis.info('commandstats'));
      return Number(told?.[1] ?? 0);
    };
    const before = await reads();
    const one = views();
    expect(await Promise.all([1, 9, 2, 3, 1].map((userId) => one.get(userId)))).to.deep.equal([
      carts[0],
      undefined,
      carts[1],
      carts[2],
      carts[0],
    ]);
    expect(await reads()).to.equal(before + 1);
  });

  it('keeps the newest, in whatever order they come', async () => {
    await Promise.all([2, 10, 9, 1].map((version) => views().put(view(version))));
    expect((await views().get(7))?.version).to.equal(10);
  });

  it('keeps the newest of those that are put together, for each user by itself', async () => {
    const one = views();
    const carts = [2, 10, 9].flatMap((version) =>
      [7, 8].map((userId) => ({ ...view(version + userId), userId })),
    );
    await redis.lpush('cart:9', 'x');
    await Promise.all([...carts, { ...view(1), userId: 9 }].map((cart) => one.put(cart)));
    const kept = await Promise.all([7, 8, 9].map((userId) => one.get(userId)));
    expect(kept.map((cart) => cart?.version)).to.deep.equal([17, 18, 1]);
  });

  it('gives the same view until there is another, whoever has put that', async () => {
    const [one, another] = [views(), views()];
    await one.put(view(1));
    const first = await one.get(7);
    expect(await one.get(7)).to.equal(first);
    await another.put(view(2));
    expect((await one.get(7))?.version).to.equal(2);
    await redis.del('cart:7');
    expect(await one.get(7)).to.equal(undefined);
  });

  it('keeps a view for 15 to 20 minutes', async () => {
    await views(0).put(view(1));
    expect(await redis.pttl('cart:7')).to.be.within(14 * 60_000, 15 * 60_000);
    await views(0.999).put(view(1));
    expect(await redis.pttl('cart:7')).to.be.within(19 * 60_000, 20 * 60_000);
  });

  it('takes what it cannot read for a miss, and overwrites it', async () => {
    for (const text of ['{', '5', '{"version":"x"}', '{"version":99}']) {
      await redis.set('cart:7', text);
      expect(await views().get(7), text).to.equal(undefined);
    }
    await redis.set('cart:7', '[1]');
    await views().put(view(1));
    expect((await views().get(7))?.version).to.equal(1);
  });

  it('takes what somebody else has put in its place for a miss, and removes it with the next view', async () => {
    await redis.lpush('cart:7', 'x');
    expect(await views().get(7)).to.equal(undefined);
    await redis.lpush('cart:7', 'x');
    await views().put(view(2));
    expect((await views().get(7))?.version).to.equal(2);
  });

  it('says unavailable when Redis is gone', async () => {
    const gone = new Redis(server.url, {
      lazyConnect: true,
      retryStrategy: () => null,
      enableOfflineQueue: false,
    });
    gone.on('error', () => {});
    const lost = createRedisCartViews({ redis: gone, random: () => 0, logger: silentLogger });
    for (const work of [() => lost.get(7), () => lost.put(view(1))]) {
      const code = await work().then(() => 'none', codeOf);
      expect(code).to.equal('unavailable');
    }
    gone.disconnect();
  });
});
