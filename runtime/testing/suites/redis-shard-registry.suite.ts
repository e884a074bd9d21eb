import { randomUUID } from 'node:crypto';
import { RedisShardRegistry } from '../../cluster/redis-shard-registry.ts';
import { silentLogger } from '../../observe/logger.ts';
import { leaseKey } from '../../mailbox/redis-keys.ts';
import { keysLike, removeKeys, type RedisUnderTest } from './redis-under-test.ts';
import { describeShardRegistry } from './shard-registry.suite.ts';

export function describeRedisShardRegistry(on: RedisUnderTest): void {
  describeShardRegistry(on.name, async () => {
    const redis = await on.open();
    const namespace = `test-${randomUUID()}`;
    const now = async () => {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1000 + Number(micros) / 1000;
    };
    return {
      registry: new RedisShardRegistry({ redis, namespace, logger: silentLogger }),
      async elapse() {
        const memberUntil = async () =>
          Number((await redis.zrange(`${namespace}:members`, 0, '0', 'WITHSCORES'))[1] ?? 0);
        const held = async () => (await redis.exists(leaseKey(namespace, 1))) === 1;
        while ((await held()) || (await memberUntil()) > (await now()));
      },
      async close() {
        await removeKeys(redis, await keysLike(redis, `*${namespace}*`));
        redis.disconnect();
      },
    };
  });
}
