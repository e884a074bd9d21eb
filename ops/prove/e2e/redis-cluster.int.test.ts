import { expect } from 'chai';
import type { RedisCluster } from '../servers/embedded-redis-cluster.ts';
import { startPrivateRedisCluster } from '../testing/test-servers.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import type { Answer } from './shop-client.ts';

const settings = {
  SEED_STOCK: '100000',
  PAYMENT_DELAY_MS: '300-900',
  PAYMENT_SUCCESS_RATE: '0.8',
  PAYMENT_SEED: '7',
  RECOVERY_POLL_MS: '500',
  REQUEST_TIMEOUT_MS: '6000',
  // They are kept in the cluster, too.
  RATE_LIMIT_RPS: '100000',
  RATE_LIMIT_BURST: '100000',
};

/** Every answer is one that its caller understands: done, under way, or not now. */
function expectUnderstood(answers: readonly Answer<unknown>[]): void {
  for (const { status, headers, text } of answers) {
    expect(status, text).to.be.oneOf([200, 201, 202, 503, 504]);
    if (status === 503) expect(Number(headers.get('retry-after')), text).to.be.at.least(1);
  }
}

describe('the shop on a Redis Cluster', function () {
  this.timeout(120_000);
  let redis: RedisCluster;
  let shop: RunningShop;

  before(async () => {
    redis = await startPrivateRedisCluster({ nodeTimeoutMs: 1_500, replicas: 1 });
    shop = await startShop({ ...settings, REDIS_URL: redis.url });
  });
  after(async () => {
    await shop.stop();
    await redis.stop();
  });

  it('loses no checkout when masters die, answers all in time, and goes on by itself', async () => {
    const users = await shop.client.users(1, 40);
    await Promise.all(users.map((user) => user.add((user.id % 5) + 1, 1)));
    const answers = users.map((user) => user.checkout('k'));
    await eventually(
      async () => ((await shop.stores.checkoutCounts()).get('PAYMENT_PENDING') ?? 0) >= 5,
      '5 checkouts PAYMENT_PENDING',
    );
    for (const victim of redis.nodes.slice(0, 2)) {
      victim.kill();
      await eventually(async () => (await redis.masters()).length === 3, 'a replica in its place', 30_000);
    }
    expectUnderstood(await Promise.all(answers));
    await untilAllEnded(shop.stores, 60_000);

    const again = await eventually(
      async () => {
        const found = await Promise.all(users.map((user) => user.checkout('k')));
        expectUnderstood(found);
        return found.every(({ status }) => status < 300) && found;
      },
      'an answer to each checkout, asked again',
      30_000,
    );
    for (const { body } of again) expect(body.status).to.be.oneOf(['COMPLETED', 'FAILED']);
    await untilAllEnded(shop.stores, 60_000);
    await expectInvariants(shop.stores);
  });
});
