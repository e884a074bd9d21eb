import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../define/clock.ts';
import type { ActorContract, MessageSpecs } from '../define/contract.ts';
import type { ActorRef } from '../define/ref.ts';
import type { HostedActor } from '../kernel/stored-actor.ts';
import { createLogger, type Logger } from '../observe/logger.ts';
import { openRedis, type RedisTls } from '../redis/open-redis.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import {
  checkKeyFormat,
  openClusterClient,
  openClusterNode,
  type Client,
  type ClientOptions,
  type ClusterNode,
  type NodeOptions,
} from './open-cluster.ts';

export interface ConnectOptions extends Partial<Omit<ClientOptions, 'redis'>> {
  /**
   * A URL, `redis://localhost:6379` (its other forms: `redisUrlForms` of `./adapters`), for a connection that is
   * opened and closed with the cluster; or a connection, which stays its owner's.
   */
  readonly redis: string | RedisConnection;
  /** Certificates for `rediss://…`. */
  readonly tls?: RedisTls;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: JSON lines on standard output, warnings and errors. */
  readonly logger?: Logger;
  /** Makes names that nothing else has. Default: random UUIDs. */
  readonly newId?: () => string;
  /** Between 0 and 1, for back-off. Default: `Math.random`. */
  readonly random?: () => number;
}

/** A cluster as one process takes part in it: it asks actors, and hosts some if it likes. */
export interface ActorCluster extends Client {
  ref<M extends MessageSpecs>(contract: ActorContract<M>, key: string): ActorRef<M>;
  /** Joins as a node, and hosts these actors of its share of the keys. One node per process is enough. */
  host(actors: readonly HostedActor[], options?: NodeOptions): Promise<ClusterNode>;
  /** Ends the nodes that were started here, then everything else that was opened. */
  close(): Promise<void>;
}

/**
 * Takes part in a cluster. Everything but Redis has a default.
 *
 * @throws ActorError `unavailable`, with the reason, when Redis cannot be reached, or holds keys of a newer release
 *
 * @example
 * await using cluster = await connect({ redis: 'redis://localhost:6379' });
 * await using node = await cluster.host([{ actor: counter, store }]);
 * console.log(await cluster.ref(Counter, 'visits').ask('Add', { by: 1 }));
 */
export async function connect(options: ConnectOptions): Promise<ActorCluster> {
  const {
    clock = systemClock,
    logger = createLogger('warn'),
    newId = randomUUID,
    random = Math.random,
    interceptors = [],
    ...cluster
  } = options;
  const isOwn = typeof options.redis === 'string';
  const redis =
    typeof options.redis === 'string'
      ? await openRedis(options.redis, { clock, logger, tls: options.tls })
      : options.redis;
  const shared = { ...cluster, redis, clock, logger, newId };
  try {
    await checkKeyFormat(shared);
  } catch (error) {
    if (isOwn) redis.disconnect();
    throw error;
  }
  const client = openClusterClient({ ...shared, interceptors });
  const { refs } = client;
  const nodes = new Set<ClusterNode>();
  let closed: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    try {
      await Promise.all([...nodes].map((node) => node.close()));
      await client.close();
    } finally {
      if (isOwn) redis.disconnect();
    }
  }
  const close = () => (closed ??= closeAll());
  return {
    ...client,
    ref: (contract, key) => refs.ref(contract, key),
    async host(actors, nodeOptions = {}) {
      const node = await openClusterNode({ ...shared, refs, random, ...nodeOptions, actors });
      nodes.add(node);
      return node;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
