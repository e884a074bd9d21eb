import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@trolley/runtime';
import { type LogRecord, RedisStreamsEventLog } from '@trolley/runtime/events';
import { cartConsumerGroup } from '../../../actors/cart/cart.consumer.ts';
import { checkoutTopic } from '../../../actors/checkout/checkout-completed.ts';
import { orderConsumerGroup } from '../../../actors/order/order.consumer.ts';
import { startKafkaEventLog } from '../../shop/compose/kafka.ts';
import type { Config } from '../../shop/config/config.ts';
import { startRedis } from '../../shop/servers/embedded-redis.ts';
import type { Lifecycle } from '../../shop/process/lifecycle.ts';
import { reachRedis } from '../stores/running-redis.ts';
import { unknownGaps, type EventGap, type EventGaps } from './event-gap.ts';

/** So many events are looked at one by one; of more only the number counts. */
const maxRecords = 10_000;

/**
 * How far the consumers have come in the event log.
 *
 * @param idle whether no shop runs on DATA_DIR, and none can start: then its Redis is started for this
 * @throws when the log can't be read
 */
export async function readEventGaps(config: Config, idle: boolean, lifecycle: Lifecycle): Promise<EventGaps> {
  const readAt = systemClock.now();
  if (config.kafka !== undefined) {
    const log = await startKafkaEventLog(config.kafka, lifecycle, silentLogger);
    const gapOf = async (group: string): Promise<EventGap> => ({
      readAt,
      count: (await log.lag(checkoutTopic, group)).reduce((sum, { records }) => sum + records, 0),
      checkouts: undefined,
    });
    return { orders: await gapOf(orderConsumerGroup), carts: await gapOf(cartConsumerGroup) };
  }
  // A restored shop has none yet: its events go out again.
  if (config.redis.url === undefined && idle && !hasRedis(config)) return unknownGaps;
  const redis = await lifecycle.start({
    name: 'the Redis connection',
    start: async () => reachRedis(await withRedis(config, idle, lifecycle)),
    stop: (connection) => connection.disconnect(),
  });
  const log = new RedisStreamsEventLog({
    redis,
    clock: systemClock,
    logger: silentLogger,
    instanceId: randomUUID(),
  });
  const gapOf = async (group: string): Promise<EventGap | undefined> => {
    const records = await log.backlog(checkoutTopic, group, maxRecords);
    return records && { readAt, count: records.length, checkouts: checkoutsIn(records) };
  };
  return { orders: await gapOf(orderConsumerGroup), carts: await gapOf(cartConsumerGroup) };
}

async function withRedis(config: Config, idle: boolean, lifecycle: Lifecycle): Promise<Config> {
  if (config.redis.url !== undefined || !idle) return config;
  const { url } = await lifecycle.start({
    name: 'Redis',
    start: () => startRedis({ dataDir: config.dataDir, searchPath: config.searchPath }),
    stop: (server) => server.stop(),
  });
  return { ...config, redis: { ...config.redis, url } };
}

const hasRedis = ({ dataDir }: Config) => existsSync(join(dataDir, 'redis'));

function checkoutsIn(records: readonly LogRecord[]): ReadonlySet<string> | undefined {
  if (records.length >= maxRecords) return undefined;
  return new Set(records.map(({ value }) => checkoutIn(value)));
}

function checkoutIn(value: string): string {
  try {
    return String((JSON.parse(value) as { checkout_id?: unknown } | null)?.checkout_id);
  } catch {
    // No event of ours: it becomes a dead letter.
    return '';
  }
}
