import { Command, type Cluster, type Redis } from 'ioredis';

/** Either kind of ioredis client: of one Redis, which a Sentinel may watch, or of a Redis Cluster. */
export type RedisConnection = Redis | Cluster;

export function isRedisCluster(redis: RedisConnection): redis is Cluster {
  return redis.isCluster;
}

/** How long an answer to a blocking read may be late, before its connection counts as lost. */
const lateMs = 5_000;

/**
 * A connection of one's own for reads of `key` that block for up to `blockMs`, to the master that serves the key
 * now. It ends with the first failure, and is opened anew then: the master may be another one by that time. It also
 * ends with the connection that commands share: a server that takes no writes any more may still be read from.
 */
export async function openBlockingConnection(
  redis: RedisConnection,
  key: string,
  blockMs: number,
): Promise<Redis> {
  const master = isRedisCluster(redis) ? await masterOf(redis, key) : redis;
  const connection = master.duplicate({
    enableAutoPipelining: false,
    enableOfflineQueue: true,
    commandTimeout: blockMs + lateMs,
    socketTimeout: blockMs + lateMs,
    retryStrategy: null,
    // A failover is noticed by the read that fails.
    failoverDetector: false,
  });
  const end = () => connection.disconnect();
  // One for each reader of a cluster's shards, and gone with it. Others, BullMQ among them, count theirs in the same way.
  master.setMaxListeners(master.getMaxListeners() + 1).once('close', end);
  connection.once('end', () => master.setMaxListeners(master.getMaxListeners() - 1).off('close', end));
  return connection;
}

/** Asks the cluster: what it was when somebody last looked may be why a connection was lost. */
async function masterOf(cluster: Cluster, key: string): Promise<Redis> {
  await new Promise<void>((resolve, reject) => {
    cluster.refreshSlotsCache((error) => (error ? reject(error) : resolve()));
  });
  const [address] = cluster.slots[new Command('xread', ['STREAMS', key, '0']).getSlot()] ?? [];
  const master = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === address);
  if (master === undefined) throw new Error(`no master of the cluster serves ${key}`);
  return master;
}
