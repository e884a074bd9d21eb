import { Redis } from 'ioredis';
import type { Logger } from '../../runtime/observe/logger.ts';
import type { HealthCheck } from '../../runtime/observe/readiness.ts';
import { createPostgresPool, type PostgresPool } from '../../runtime/storage/postgres/postgres-pool.ts';
import type { Config } from '../config/config.ts';
import type { Role } from '../config/roles.ts';
import type { DataDir } from '../infra/data-dir.ts';
import { startPostgres } from '../infra/embedded-postgres.ts';
import { startRedis } from '../infra/embedded-redis.ts';
import type { Lifecycle } from '../infra/lifecycle.ts';
import { startServer } from '../infra/start-server.ts';
import { runMigrations } from '../migrations/run-migrations.ts';

export interface RedisBackend {
  /** The connection that commands share. */
  readonly redis: Redis;
  /** A connection of one's own, for reads that block. The caller closes it. */
  readonly connect: () => Redis;
  readonly check: HealthCheck;
}

export interface PostgresBackend {
  readonly url: string;
  readonly pool: PostgresPool;
  readonly check: HealthCheck;
}

const redisRoles: readonly Role[] = ['gateway', 'node', 'relay', 'consumers', 'grpc'];
const postgresRoles: readonly Role[] = ['gateway', 'node', 'relay', 'grpc'];

const needs = (config: Config, roles: readonly Role[]) => roles.some((role) => config.roles.has(role));

/** The Redis of this process: the one that the configuration names, else one of its own. */
export async function startRedisBackend(
  config: Config,
  dataDir: DataDir,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<RedisBackend | undefined> {
  if (!needs(config, redisRoles)) return undefined;
  const url =
    config.redis.url ??
    (
      await startServer(lifecycle, 'Redis', () =>
        startRedis({ dataDir: dataDir.path, searchPath: config.searchPath }),
      )
    ).url;
  const connect = (
    options: { readonly lazyConnect?: boolean; readonly enableOfflineQueue?: boolean } = {},
  ) => {
    const redis = new Redis(url, {
      enableAutoPipelining: true,
      // Callers retry by themselves and within their own deadlines.
      maxRetriesPerRequest: 1,
      ...options,
      commandTimeout: 5_000,
      connectTimeout: 5_000,
      // A Redis that reads its log says how long it will take, and is often done sooner.
      maxLoadingRetryTime: 250,
      retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 1_000),
    });
    redis.on('error', (err: unknown) => logger.debug({ err }, 'Redis connection'));
    return redis;
  };
  const redis = await lifecycle.start({
    name: 'the Redis connection',
    async start() {
      // Without a queue: what cannot be sent now fails now, and its caller hears of it at once.
      const connection = connect({ lazyConnect: true, enableOfflineQueue: false });
      await connection.connect();
      return connection;
    },
    stop: (connection) => connection.disconnect(),
  });
  const check = async () => {
    await redis.ping();
  };
  return { redis, connect: () => connect(), check };
}

/** The PostgreSQL of this process, its tables up to date. */
export async function startPostgresBackend(
  config: Config,
  dataDir: DataDir,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<PostgresBackend | undefined> {
  if (!needs(config, postgresRoles)) return undefined;
  const url =
    config.postgres.url ??
    (await startServer(lifecycle, 'PostgreSQL', () => startPostgres({ dataDir: dataDir.path }))).url;
  const pool = await lifecycle.start({
    name: 'the PostgreSQL connections',
    async start() {
      await runMigrations(url, (line) => logger.info(line));
      const { poolMax: max, statementTimeoutMs } = config.postgres;
      return createPostgresPool(url, { logger, max, statementTimeoutMs, connectTimeoutMs: 3_000 });
    },
    stop: (connections) => connections.end(),
  });
  const check = async () => {
    await pool.query('SELECT 1');
  };
  return { url, pool, check };
}
