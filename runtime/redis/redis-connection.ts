import type { Cluster, Redis } from 'ioredis';

/** Either kind of ioredis client: of one Redis, a Sentinel's too, or of a Redis Cluster. */
export type RedisConnection = Redis | Cluster;

/** A connection of one's own, for reads that block. The caller closes it. */
export function openBlockingConnection(redis: RedisConnection): Redis {
  return (redis as Redis).duplicate({
    enableAutoPipelining: false,
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
  });
}
