import type { Writable } from 'node:stream';
import { isRedisCluster, type RedisConnection } from './redis-connection.ts';

/**
 * What is sent over the connection from now on, until this callback ends, reaches its socket in one write: each by
 * itself would wake Redis for one command. To be called before what is often sent by many in one callback. On a Redis
 * Cluster, where they go to many nodes, it does nothing.
 */
export function joinWrites(redis: RedisConnection): void {
  if (isRedisCluster(redis)) return;
  // Undefined before the first connection, whatever its type says.
  const socket = redis.stream as Writable | undefined;
  if (socket === undefined || socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}
