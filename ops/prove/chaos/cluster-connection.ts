import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ClusterOptions,
  type Logger,
  type RedisConnection,
  silentLogger,
  systemClock,
} from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';

export const namespace = 'chaos';

const retryMs = 200;
const patienceMs = 20_000;

/** As the shop connects, but that a Redis which is away for the moment is waited for. */
export async function connectRedis(url: string): Promise<RedisConnection> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await openRedis(url, { clock: systemClock, logger: silentLogger });
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await delay(retryMs);
    }
  }
}

export function clusterOptions(redis: RedisConnection, shards: number, logger: Logger): ClusterOptions {
  return { redis, clock: systemClock, logger, newId: randomUUID, namespace, shards };
}
