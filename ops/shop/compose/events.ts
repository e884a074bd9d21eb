import { randomUUID } from 'node:crypto';
import { type ActorRefs, type Logger, systemClock } from '@trolley/runtime';
import { checkAt } from '@trolley/runtime/observe';
import { type EventLog, RedisStreamsEventLog } from '@trolley/runtime/events';
import type { KafkaEventLog } from '@trolley/runtime/kafka';
import { OutboxRelay } from '@trolley/runtime/postgres';
import { cartConsumerGroup, startCartConsumer } from '../../../actors/cart/cart.consumer.ts';
import { removeEndedCheckouts } from '../../../actors/checkout/checkout.retention.postgres.ts';
import { startSweep } from '../../../actors/services/sweep.ts';
import { checkoutTopic } from '../../../actors/checkout/checkout-completed.ts';
import { orderConsumerGroup, startOrderConsumer } from '../../../actors/order/order.consumer.ts';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { lagSource } from '../metrics/sources.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { PostgresBackend } from './backends.ts';
import type { Health } from './health.ts';
import type { RedisBackend } from './redis.ts';
import type { Tracing } from './tracing.ts';

const sweepEveryMs = 5_000;

/** True for an outbox row `o` whose order is missing: an event log may be lost. */
const withoutOrder = 'NOT EXISTS (SELECT 1 FROM orders WHERE orders.checkout_id = o.aggregate_id::uuid)';

/** An order comes within a second of its event. One that is missing after so many looks has lost it. */
const undeliveredPolls = 6;

export interface EventLogParts {
  readonly redis: RedisBackend;
  readonly health: Health;
  readonly tracing: Tracing | undefined;
}

export interface RunningEventLog {
  readonly log: EventLog;
  /** Until when, in milliseconds since the epoch, what was appended has come to the orders; undefined: at once. */
  readonly orderedUntil: (() => Promise<number>) | undefined;
}

/** On Kafka where the configuration names one, else on Redis Streams. */
export async function startEventLog(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  { redis: { redis }, health, tracing }: EventLogParts,
): Promise<RunningEventLog> {
  const traced = (log: EventLog, system: string) => tracing?.runtime.eventLog(log, system) ?? log;
  if (config.kafka === undefined) {
    const streams = await lifecycle.start({
      name: 'the event log',
      start: () => new RedisStreamsEventLog({ redis, clock: systemClock, logger, instanceId: randomUUID() }),
      stop: (log) => log.close(),
    });
    return { log: traced(streams, 'redis_streams'), orderedUntil: undefined };
  }
  const { startKafkaEventLog } = await import('./kafka.ts');
  const log = await startKafkaEventLog(config.kafka, lifecycle, logger);
  await warnOfCompaction(log, logger);
  const check = checkAt(config.kafka.brokers.join(), () => log.check(checkoutTopic));
  // Without Kafka orders come late and all else goes on: no reason to take a gateway or the console out of service.
  if ((['gateway', 'grpc', 'console'] as const).some((role) => config.roles.has(role)))
    health.watch('kafka', check);
  else health.addCheck('kafka', check);
  return { log: traced(log, 'kafka'), orderedUntil: log.consumption(checkoutTopic, orderConsumerGroup) };
}

/** Others may have made the topic. Who may not look at its settings is not kept from starting. */
async function warnOfCompaction(log: KafkaEventLog, logger: Logger): Promise<void> {
  try {
    if (!(await log.isCompacted(checkoutTopic))) return;
    logger.warn(
      { topic: checkoutTopic },
      'Kafka keeps only the last event of each user in this topic, so that orders can come late: set cleanup.policy to delete',
    );
  } catch (error) {
    logger.debug({ err: error, topic: checkoutTopic }, 'the settings of the topic are not known');
  }
}

/** Carries completed checkouts from the outbox to the event log. */
export async function startRelay(
  config: Config,
  lifecycle: Lifecycle,
  { url, pool }: PostgresBackend,
  { log, orderedUntil }: RunningEventLog,
  logger: Logger,
): Promise<void> {
  const { recoveryPollMs, retentionMs } = config.checkout;
  await lifecycle.start({
    name: 'the outbox relay',
    start: () =>
      new OutboxRelay({
        postgresUrl: url,
        log,
        topic: checkoutTopic,
        source: '/trolley/checkout',
        clock: systemClock,
        logger,
        pollMs: config.outbox.pollMs,
        undelivered: {
          sql: withoutOrder,
          everyMs: recoveryPollMs,
          afterMs: undeliveredPolls * recoveryPollMs,
          ...(orderedUntil === undefined ? {} : { consumedUntil: orderedUntil }),
        },
      }),
    stop: (relay) => relay.close(),
  });
  await lifecycle.start({
    name: 'the sweep of checkouts that have ended',
    start: () =>
      startSweep({
        clock: systemClock,
        everyMs: sweepEveryMs,
        logger,
        round: () => removeEndedCheckouts(pool, systemClock.now() - retentionMs),
      }),
    stop: (sweep) => sweep.close(),
  });
}

/** Takes completed checkouts to the carts and the orders. */
export async function startConsumers(
  lifecycle: Lifecycle,
  {
    metrics,
    ...deps
  }: {
    readonly log: EventLog;
    readonly refs: ActorRefs;
    readonly logger: Logger;
    readonly metrics: Metrics;
  },
): Promise<void> {
  const consumers = [
    [cartConsumerGroup, 'the cart consumer', startCartConsumer],
    [orderConsumerGroup, 'the order consumer', startOrderConsumer],
  ] as const;
  for (const [group, name, start] of consumers) {
    await lifecycle.start({
      name,
      start: () => start(deps),
      stop: (running) => running.close(),
      stopDeadlineMs: 20_000,
    });
    metrics.addSource(group, lagSource(deps.log, checkoutTopic, group));
  }
}
