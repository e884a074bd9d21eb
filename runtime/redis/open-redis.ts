import { Cluster, Redis } from 'ioredis';
import type { Clock } from '../define/clock.ts';
import { ActorError } from '../define/errors.ts';
import { backOffMs } from '../flow/back-off.ts';
import { withTimeLimit } from '../flow/time-limit.ts';
import type { Logger } from '../observe/logger.ts';
import { maskPasswords } from '../observe/mask.ts';
import { reasonOf } from '../observe/reason.ts';
import { isRedisCluster, type RedisConnection } from './redis-connection.ts';
import { parseRedisUrl, type RedisAddress, type RedisHost } from './redis-url.ts';

export interface OpenRedisOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** PEM texts for `rediss…`; looked at with each new connection, so that they may change. */
  readonly tls?: RedisTls | undefined;
  /** The Unix socket of that same Redis, where it runs on this machine and is one alone: it is connected to over that. */
  readonly socket?: string | undefined;
}

export interface RedisTls {
  /** The authorities that a server is checked against. Default: those that Node knows. */
  readonly ca?: string | undefined;
  /** For servers that want to know their clients. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** How long the first connection may take. */
const connectLimitMs = 10_000;
const commandLimitMs = 5_000;
/** A master that is gone is looked for so often within one command; its caller tries again by itself. */
const maxRedirections = 5;
const lookAgainMs = 50;
/** Moved slots and new masters are noticed by the first command that fails, and without one after this time. */
const slotsRefreshMs = 2_000;

/** ioredis counts from 1. */
const retryStrategy = (attempt: number) => backOffMs({ firstMs: 100, maxMs: 1_000 }, attempt - 1);

/**
 * Connects to one Redis, to the master that Sentinels name, or to a Redis Cluster: see `parseRedisUrl`. What cannot
 * be sent fails at once, what is not answered fails after 5 s: callers try again within their own deadlines.
 *
 * @throws ActorError `unavailable`, with the reason
 */
export async function openRedis(
  url: string,
  { clock, logger, tls, socket }: OpenRedisOptions,
): Promise<RedisConnection> {
  const redis = createConnection(parseRedisUrl(url), clock, { tls, socket });
  let reason: unknown;
  redis.on('error', (error: unknown) => {
    reason = error;
    logger.debug({ err: error }, 'Redis connection');
  });
  try {
    await withTimeLimit(clock, connectLimitMs, 'connecting', connect(redis));
  } catch (error) {
    redis.disconnect();
    const cause = reason ?? error;
    const sentence = `${maskPasswords(url)} cannot be reached: ${reasonOf(cause)}`;
    throw new ActorError('unavailable', sentence, { cause });
  }
  return redis;
}

async function connect(redis: RedisConnection): Promise<void> {
  await redis.connect();
  if (!isRedisCluster(redis)) return;
  const answers = await Promise.allSettled(redis.nodes('master').map((master) => master.ping()));
  // A cluster may be short of a master that is not replaced yet.
  if (answers.every(({ status }) => status === 'rejected')) throw new Error('no master answers');
}

/** Of every connection, to whatever node. */
function commonOptions({ username, password, tls: encrypted }: RedisAddress, tls: RedisTls) {
  return {
    ...(username && { username }),
    ...(password && { password }),
    ...(encrypted && { tls }),
    commandTimeout: commandLimitMs,
    connectTimeout: commandLimitMs,
    // A command that is given up leaves the connection as it was: one over which nothing comes is made anew.
    socketTimeout: commandLimitMs,
    // A Redis that reads its log says how long it will take, and is often done sooner.
    maxLoadingRetryTime: 250,
  };
}

type CommonOptions = ReturnType<typeof commonOptions>;

/**
 * Of a server that is no longer, or not yet, the one to write to, also from within a script: behind the same address, or
 * by the word of the Sentinels, there may be another by now.
 */
const reconnectOnError = ({ message }: Error) => /\b(READONLY|MASTERDOWN|LOADING) /.test(message);

/** Without auto-pipelining, which costs more than it spares: what comes often goes together (`batched-script.ts`). */
const failingAtOnce = { enableOfflineQueue: false, lazyConnect: true };

function createConnection(
  address: RedisAddress,
  clock: Clock,
  { tls = {}, socket }: Pick<OpenRedisOptions, 'tls' | 'socket'>,
): RedisConnection {
  const common = commonOptions(address, tls);
  if (address.kind === 'cluster') return createCluster(address.hosts, common, clock);
  const { db, hosts } = address;
  const alone = { ...common, ...failingAtOnce, maxRetriesPerRequest: 1, retryStrategy, db, reconnectOnError };
  if (address.kind === 'standalone')
    return new Redis({ ...alone, ...(socket === undefined ? hosts[0] : { path: socket }) });
  return new Redis({
    ...alone,
    sentinels: [...hosts],
    name: address.master,
    ...(common.username && { sentinelUsername: common.username }),
    ...(common.password && { sentinelPassword: common.password }),
    ...(common.tls && { sentinelTLS: common.tls, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout: commandLimitMs,
    sentinelRetryStrategy: retryStrategy,
    // A master that was replaced while it hung would keep its connections.
    failoverDetector: true,
  });
}

function createCluster(hosts: readonly RedisHost[], common: CommonOptions, clock: Clock): Cluster {
  const cluster = new Cluster([...hosts], {
    ...failingAtOnce,
    redisOptions: {
      ...common,
      // Not to connect anew: where commands for several slots travel together, ioredis leaves it at the error.
      reconnectOnError(error) {
        if (isOutdated(error)) cluster.refreshSlotsCache();
        return false;
      },
    },
    // It would ask a connection that is only being made. Who sends while the cluster is down is told so.
    enableReadyCheck: false,
    maxRedirections,
    retryDelayOnFailover: lookAgainMs,
    retryDelayOnClusterDown: lookAgainMs,
    clusterRetryStrategy: retryStrategy,
    // A certificate may be of a name, and Node finds the address itself.
    dnsLookup: (host, found) => found(null, host),
  });
  // Else the first commands for a node would find a connection that is only being made, and fail.
  cluster.on('+node', (node: Redis) => {
    if (node.options.readOnly !== true) node.connect().catch(() => undefined);
  });
  refreshNowAndThen(cluster, clock);
  return cluster;
}

/** Not by ioredis's own interval, which goes on for ever when a connection is closed in the middle of a refresh. */
function refreshNowAndThen(cluster: Cluster, clock: Clock): void {
  clock.schedule(slotsRefreshMs, () => {
    if (cluster.status === 'end' || cluster.status === 'disconnecting') return;
    if (cluster.status === 'ready') cluster.refreshSlotsCache();
    refreshNowAndThen(cluster, clock);
  });
}

const isOutdated = ({ message }: Error) => message.startsWith('MOVED ') || message.startsWith('CLUSTERDOWN ');
