import { Cluster, Redis } from 'ioredis';
import { systemClock } from '../../define/clock.ts';
import { silentLogger } from '../../observe/logger.ts';
import { openRedis } from '../../redis/open-redis.ts';
import { isRedisCluster, type RedisConnection } from '../../redis/redis-connection.ts';
import { parseRedisUrl } from '../../redis/redis-url.ts';
import { CuttableLine } from '../cuttable-line.ts';
import { testRedisClusterUrl, testRedisUrl } from './test-servers.ts';

/** A kind of Redis that a suite runs on. Other suites use the same one: take keys of one's own. */
export interface RedisUnderTest {
  readonly name: string;
  url(): string;
  /** A connection of one's own, as a shop has it. */
  open(): Promise<RedisConnection>;
  /** One with the options that BullMQ's own classes ask for. */
  openForBullMq(): RedisConnection;
}

export const oneRedis: RedisUnderTest = {
  name: 'Redis',
  url: testRedisUrl,
  open: () => open(testRedisUrl()),
  openForBullMq: () => new Redis(testRedisUrl(), { maxRetriesPerRequest: null }),
};

export const aRedisCluster: RedisUnderTest = {
  name: 'Redis Cluster',
  url: testRedisClusterUrl,
  open: () => open(testRedisClusterUrl()),
  openForBullMq: () =>
    new Cluster([...parseRedisUrl(testRedisClusterUrl()).hosts], {
      redisOptions: { maxRetriesPerRequest: null },
    }),
};

const open = (url: string) => openRedis(url, { clock: systemClock, logger: silentLogger });

/** A connection that a test can disturb, together with those that are opened beside it. */
export interface CuttableRedis {
  readonly redis: RedisConnection;
  /** Ends all connections; new ones can be made. */
  readonly interrupt: () => void;
  /** Ends all connections for good. */
  readonly cut: () => void;
}

export async function openCuttableRedis(url: string): Promise<CuttableRedis> {
  const { hosts, ...address } = parseRedisUrl(url);
  const lines = await Promise.all(hosts.map(({ port }) => CuttableLine.to(port)));
  const ways = lines.map(({ port }) => ({ host: '127.0.0.1', port }));
  const natMap = Object.fromEntries(
    hosts.flatMap(({ host, port }, i) => (ways[i] === undefined ? [] : [[`${host}:${port}`, ways[i]]])),
  );
  const redis =
    address.kind === 'cluster'
      ? new Cluster(ways, { natMap, clusterRetryStrategy: () => 20 })
      : new Redis({ ...ways[0], db: address.db, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  return {
    redis,
    interrupt() {
      for (const line of lines) line.interrupt();
    },
    cut() {
      for (const line of lines) line.cut();
    },
  };
}

/** On every master. */
export async function keysLike(redis: RedisConnection, pattern: string): Promise<string[]> {
  const masters = isRedisCluster(redis) ? redis.nodes('master') : [redis];
  return (await Promise.all(masters.map((master) => master.keys(pattern)))).flat();
}

export async function removeKeys(redis: RedisConnection, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => redis.del(key)));
}
