import { expect } from 'chai';
import { Redis } from 'ioredis';
import { silentLogger } from '../observe/logger.ts';
import { createTestRedis } from '../testing/suites/test-servers.ts';
import { RedisShardRegistry } from './redis-shard-registry.ts';

describe('the members on Redis', () => {
  it('are none once the last of them has died, though nobody looks', async () => {
    const redis = new Redis((await createTestRedis()).url);
    try {
      await new RedisShardRegistry({ redis, namespace: 'test', logger: silentLogger }).join('node', 30);
      while ((await redis.exists('test:members')) === 1);
    } finally {
      redis.disconnect();
    }
  });
});

describe('the lease of a dead node on Redis', () => {
  for (const [why, set] of [
    ['whose clock was set back', (redis: Redis) => redis.set('{test-1}:own', 'dead#1', 'PX', 3_600_000)],
    ['where somebody has put a text in its place', (redis: Redis) => redis.set('{test-1}:own', 'a text')],
  ] as const) {
    it(`goes to another node, ${why}`, async () => {
      const redis = new Redis((await createTestRedis()).url);
      try {
        await set(redis);
        const registry = new RedisShardRegistry({ redis, namespace: 'test', logger: silentLogger });
        expect(await registry.acquire(1, 'node', 3_000)).to.match(/^node#/);
        expect(await registry.acquire(1, 'other', 3_000)).to.equal(undefined);
      } finally {
        redis.disconnect();
      }
    });
  }
});

describe('the leases of a Redis that forgets', () => {
  it('never come under a token that was given out before', async () => {
    const redis = new Redis((await createTestRedis()).url);
    const registry = new RedisShardRegistry({ redis, namespace: 'test', logger: silentLogger });
    try {
      const tokens: string[] = [];
      for (let round = 0; round < 3; round++) {
        tokens.push((await registry.acquire(1, 'node', 60_000)) ?? expect.fail('the shard was not free'));
        await redis.flushdb();
        // A millisecond of Redis's own clock, which the epochs go by.
        const [seconds, micros] = await redis.time();
        const until = Number(seconds) * 1_000 + Number(micros) / 1_000 + 1;
        for (let now = 0; now < until;) {
          const [s, us] = await redis.time();
          now = Number(s) * 1_000 + Number(us) / 1_000;
        }
      }
      const epochs = tokens.map((token) => Number(token.split('#')[1]));
      expect(epochs, tokens.join()).to.deep.equal([...new Set(epochs)].sort((one, other) => one - other));
    } finally {
      redis.disconnect();
    }
  });
});
