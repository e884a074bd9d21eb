import { expect } from 'chai';
import { Redis } from 'ioredis';
import { startPrivateRedis, type PrivateServer } from '../testing/test-servers.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';

describe('FLUSHALL on Redis', function () {
  this.timeout(90_000);
  let server: PrivateServer;
  let redis: Redis;
  let shop: RunningShop;

  before(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
    shop = await startShop({
      REDIS_URL: server.url,
      SEED_STOCK: '100000',
      PAYMENT_DELAY_MS: '300-900',
      PAYMENT_SUCCESS_RATE: '0.8',
      PAYMENT_SEED: '7',
      RECOVERY_POLL_MS: '500',
      REQUEST_TIMEOUT_MS: '5000',
    });
  });
  after(async () => {
    await shop.stop();
    redis.disconnect();
    await server.stop();
  });

  it('while nothing runs leaves every cart whole', async () => {
    const users = await shop.client.users(1, 20);
    await Promise.all(users.map((user) => Promise.all([user.add(1, user.id), user.add(2, 1)])));
    const carts = async () => Promise.all(users.map((user) => user.shop.cart.get()));
    const before = await carts();
    await redis.flushall();
    expect(await carts()).to.deep.equal(before);
    await redis.flushall();
    await Promise.all(users.map((user) => user.add(2, 1)));
    const mice = { quantity: 2, subtotal: 59.98 };
    for (const [index, { items }] of (await carts()).entries()) {
      const wanted = before[index]?.items.map((item) =>
        item.product_id === 2 ? { ...item, ...mice } : item,
      );
      expect(items, `the cart of user ${index + 1}`).to.deep.equal(wanted);
    }
  });

  it('while checkouts run loses none: each ends, and each completed one has its one order', async () => {
    const users = await shop.client.users(100, 30);
    await Promise.all(users.map((user) => user.add((user.id % 5) + 1, 1)));
    const answers = users.map((user) => user.checkout('k').catch(() => undefined));
    for (const [status, count] of [
      ['PAYMENT_PENDING', 5],
      ['COMPLETED', 3],
      ['COMPLETED', 12],
    ] as const) {
      await eventually(
        async () => ((await shop.stores.checkoutCounts()).get(status) ?? 0) >= count,
        `${count} checkouts ${status}`,
      );
      await redis.flushall();
    }
    await Promise.all(answers);
    // What the event log lost with Redis is found missing half a minute later.
    await untilAllEnded(shop.stores, 60_000);
    await expectInvariants(shop.stores);

    const again = await Promise.all(users.map((user) => user.checkout('k')));
    for (const { status, body } of again) {
      expect(`${status} ${body.status}`).to.be.oneOf([
        '200 COMPLETED',
        '200 FAILED',
        '201 COMPLETED',
        '201 FAILED',
      ]);
    }
    await untilAllEnded(shop.stores, 60_000);
    await expectInvariants(shop.stores);
    for (const [index, user] of users.entries()) {
      const left = (await user.shop.cart.get()).total_items;
      expect(left, `lines left to user ${user.id}`).to.equal(
        again[index]?.body.status === 'COMPLETED' ? 0 : 1,
      );
    }
  });
});
