import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisConnection, silentLogger, systemClock } from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';
import type { Config } from '../../shop/config/config.ts';
import { host } from '../../shop/servers/embedded-server.ts';
import { nameOf, pidIn } from '../../shop/process/process-identity.ts';
import { readRedisPassword, redisUrl } from '../../shop/servers/redis-password.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

/**
 * Connects to the Redis of the configuration, else to the one that the shop on DATA_DIR runs.
 *
 * @throws StartProblem when there is none, or it does not answer
 */
export async function reachRedis({ redis, dataDir }: Config): Promise<RedisConnection> {
  const tls = Object.fromEntries(
    Object.entries(redis.tls).flatMap(([part, path]) => (path === undefined ? [] : [[part, read(path)]])),
  );
  const url = redis.url ?? runningUrl(dataDir);
  try {
    return await openRedis(url, { clock: systemClock, logger: silentLogger, tls });
  } catch (cause) {
    throw new StartProblem(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new StartProblem(`${path} can't be read.`, { cause });
  }
}

/** A running Redis names its port on its command line. */
function runningUrl(dataDir: string): string {
  const folder = join(dataDir, 'redis');
  const pid = pidIn(join(folder, 'redis.pid'));
  const name = pid === undefined ? undefined : nameOf(pid);
  const port = /:(\d+)/.exec(name ?? '')?.[1];
  if (port !== undefined) return redisUrl(host, Number(port), readRedisPassword(folder));
  throw new StartProblem(
    `No shop with a Redis of its own runs on ${dataDir}. Set DATA_DIR to that of a running shop, or REDIS_URL.`,
  );
}
