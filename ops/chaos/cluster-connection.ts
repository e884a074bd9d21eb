import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { ClusterOptions } from '../../runtime/cluster/open-cluster.ts';
import { systemClock } from '../../runtime/define/clock.ts';
import type { Logger } from '../../runtime/observe/logger.ts';

export const namespace = 'chaos';

/** As the shop connects: callers retry by themselves, so a command does not outlive a lost connection for long. */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    enableAutoPipelining: true,
    maxRetriesPerRequest: 1,
    commandTimeout: 5_000,
    connectTimeout: 5_000,
    // A Redis that reads its log says how long it will take, and is often done sooner.
    maxLoadingRetryTime: 250,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 1_000),
  });
  redis.on('error', () => undefined);
  return redis;
}

export function clusterOptions(redis: Redis, shards: number, logger: Logger): ClusterOptions {
  return { redis, clock: systemClock, logger, newId: randomUUID, namespace, shards };
}
