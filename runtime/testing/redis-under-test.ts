import { Cluster, Redis } from 'ioredis';
import { systemClock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { openRedis } from '../redis/open-redis.ts';
import { isRedisCluster, type RedisConnection } from '../redis/redis-connection.ts';
import { parseRedisUrl } from '../redis/redis-url.ts';
import { testRedisClusterUrl, testRedisUrl } from './test-servers.ts';

/** A kind of Redis that a suite runs on. Other suites use the same one: take keys of one's own. */
export interface RedisUnderTest {
  readonly name: string;
  /** A connection of one's own, as a shop has it. */
  open(): Promise<RedisConnection>;
  /** One with the options that BullMQ's own classes ask for. */
  openForBullMq(): RedisConnection;
}

export const oneRedis: RedisUnderTest = {
  name: 'Redis',
  open: () => open(testRedisUrl()),
  openForBullMq: () => new Redis(testRedisUrl(), { maxRetriesPerRequest: null }),
};

export const aRedisCluster: RedisUnderTest = {
  name: 'Redis Cluster',
  open: () => open(testRedisClusterUrl()),
  openForBullMq: () =>
    new Cluster([...parseRedisUrl(testRedisClusterUrl()).hosts], {
      redisOptions: { maxRetriesPerRequest: null },
    }),
};

const open = (url: string) => openRedis(url, { clock: systemClock, logger: silentLogger });

/** On every master. */
export async function keysLike(redis: RedisConnection, pattern: string): Promise<string[]> {
  const masters = isRedisCluster(redis) ? redis.nodes('master') : [redis];
  return (await Promise.all(masters.map((master) => master.keys(pattern)))).flat();
}

export async function removeKeys(redis: RedisConnection, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => redis.del(key)));
}
