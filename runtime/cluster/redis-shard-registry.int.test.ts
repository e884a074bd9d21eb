import { Redis } from 'ioredis';
import { describeShardRegistry } from '../testing/shard-registry.suite.ts';
import { createTestRedis } from '../testing/test-servers.ts';
import { leaseKey } from '../mailbox/redis-keys.ts';
import { RedisShardRegistry } from './redis-shard-registry.ts';

describeShardRegistry('Redis', async () => {
  const redis = new Redis((await createTestRedis()).url);
  const now = async () => {
    const [seconds, micros] = await redis.time();
    return Number(seconds) * 1000 + Number(micros) / 1000;
  };
  return {
    registry: new RedisShardRegistry(redis, 'test'),
    async elapse() {
      const memberUntil = async () =>
        Number((await redis.zrange('test:members', 0, '0', 'WITHSCORES'))[1] ?? 0);
      while ((await redis.exists(leaseKey('test', 1))) === 1 || (await memberUntil()) > (await now()));
    },
    async close() {
      await redis.flushdb();
      redis.disconnect();
    },
  };
});
