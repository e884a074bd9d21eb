import { isRedisCluster, type RedisConnection } from './redis-connection.ts';

/** Written by each check; nobody reads it. */
const key = 'readiness';
const keptMs = 60_000;

/**
 * Rejects where Redis takes no writes: as a replica, without memory, without space for its log, short of replicas. A
 * cluster decides itself whether it serves while a part of it is away.
 */
export async function checkRedis(redis: RedisConnection): Promise<void> {
  if (isRedisCluster(redis) && (await redis.cluster('INFO')).includes('cluster_state:fail'))
    throw new Error('the Redis Cluster is down');
  await redis.set(key, '1', 'PX', keptMs);
}
