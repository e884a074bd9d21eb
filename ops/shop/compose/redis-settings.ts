import type { Redis } from 'ioredis';
import type { Logger, RedisConnection } from '@trolley/runtime';
import { isRedisCluster } from '@trolley/runtime/adapters';
import { StartProblem } from '../process/start-problem.ts';

/**
 * Looks whether Redis, each master of a cluster, is set up to hold mailboxes: warns of what costs durability.
 *
 * @throws StartProblem where messages could be evicted
 */
export async function checkRedisSettings(redis: RedisConnection, logger: Logger): Promise<void> {
  const masters = isRedisCluster(redis) ? redis.nodes('master') : [redis];
  const found = await Promise.all(
    masters.map(async (master) => ({ policy: await policyOf(master), appends: await appendsOf(master) })),
  );
  const evicting = found
    .map(({ policy }) => policy)
    .find((policy) => policy !== undefined && policy !== 'noeviction');
  if (evicting !== undefined) {
    throw new StartProblem(
      `REDIS_URL: this Redis throws keys away when its memory is full (maxmemory-policy ${evicting}), and a key that ` +
        'is thrown away can be an accepted message. Set maxmemory-policy to noeviction.',
    );
  }
  if (found.some(({ policy }) => policy === undefined)) {
    logger.warn('Redis does not tell its maxmemory-policy; unless it is noeviction, messages can be lost');
  }
  if (found.some(({ appends }) => appends === false)) {
    logger.warn('Redis keeps no append-only file: when it restarts, messages that wait are lost');
  }
}

async function policyOf(redis: Redis): Promise<string | undefined> {
  const told = await allowed(redis.config('GET', 'maxmemory-policy'));
  const [, policy] = Array.isArray(told) ? told : [];
  return policy ?? (await fieldOf(redis, 'memory', 'maxmemory_policy'));
}

async function appendsOf(redis: Redis): Promise<boolean | undefined> {
  const enabled = await fieldOf(redis, 'persistence', 'aof_enabled');
  return enabled === undefined ? undefined : enabled === '1';
}

async function fieldOf(redis: Redis, section: string, field: string): Promise<string | undefined> {
  const info = await allowed(redis.info(section));
  return new RegExp(`^${field}:(\\S+)`, 'm').exec(info ?? '')?.[1];
}

/** Undefined where the server refuses to tell: managed ones may forbid it. That it is away is another matter. */
async function allowed<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined;
    throw error;
  }
}
