import { type Logger, type RedisConnection, type RedisTls, systemClock } from '@trolley/runtime';
import { checkRedis, openRedis, type OpenRedisOptions } from '@trolley/runtime/adapters';
import { checkAt, type HealthCheck, maskPasswords, reasonOf } from '@trolley/runtime/observe';
import type { Config } from '../config/config.ts';
import type { Role } from '../config/roles.ts';
import type { DataDir } from '../process/data-dir.ts';
import { startRedis } from '../servers/embedded-redis.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { StartProblem } from '../process/start-problem.ts';
import { startServer } from '../servers/start-server.ts';
import { namedFiles, TlsFiles } from '../process/tls-files.ts';
import { checkRedisSettings } from './redis-settings.ts';

export interface RedisBackend {
  readonly url: string;
  /** The connection that commands share. */
  readonly redis: RedisConnection;
  readonly check: HealthCheck;
}

const redisRoles: readonly Role[] = ['gateway', 'node', 'relay', 'consumers', 'grpc', 'console'];
/** Those that put messages into mailboxes, or take them out. */
const mailboxRoles: readonly Role[] = ['gateway', 'node', 'consumers', 'grpc', 'console'];

export const usesRedis = ({ roles }: Config) => redisRoles.some((role) => roles.has(role));

/** The Redis of this process: the one that the configuration names, else one of its own. */
export async function startRedisBackend(
  config: Config,
  dataDir: Pick<DataDir, 'path'>,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<RedisBackend | undefined> {
  const has = (roles: readonly Role[]) => roles.some((role) => config.roles.has(role));
  if (!usesRedis(config)) return undefined;
  const embedded = () => startRedis({ dataDir: dataDir.path, searchPath: config.searchPath });
  const server =
    config.redis.url === undefined
      ? await startServer(lifecycle, 'Redis', embedded)
      : { url: config.redis.url, socket: undefined };
  const { url, socket } = server;
  const tls = await startRedisTls(config, lifecycle, logger);
  const redis = await lifecycle.start({
    name: 'the Redis connection',
    start: () => connect(url, { logger, tls, socket }),
    stop: (connection) => connection.disconnect(),
  });
  if (has(mailboxRoles)) await checkRedisSettings(redis, logger);
  return { url, redis, check: checkAt(maskPasswords(url), () => checkRedis(redis)) };
}

async function connect(
  url: string,
  options: Pick<OpenRedisOptions, 'logger' | 'tls' | 'socket'>,
): Promise<RedisConnection> {
  try {
    return await openRedis(url, { ...options, clock: systemClock });
  } catch (cause) {
    throw new StartProblem(`REDIS_URL: ${reasonOf(cause)}`, { cause });
  }
}

/** The certificates that the configuration names; undefined: what Node knows is enough. */
async function startRedisTls(
  { redis }: Config,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<RedisTls | undefined> {
  const named = namedFiles('REDIS_TLS', redis.tls);
  if (Object.keys(named).length === 0) return undefined;
  const files = await lifecycle.start({
    name: 'the certificates of Redis',
    start: () => TlsFiles.open({ files: named, clock: systemClock, logger }),
    stop: (held) => held.close(),
  });
  // Looked at with each new connection.
  return {
    get ca() {
      return files.current.ca;
    },
    get cert() {
      return files.current.cert;
    },
    get key() {
      return files.current.key;
    },
  };
}
