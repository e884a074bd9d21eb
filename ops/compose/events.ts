import { startCartConsumer } from '../../actors/cart/cart.consumer.ts';
import { checkoutTopic } from '../../actors/checkout/checkout-completed.ts';
import { startOrderConsumer } from '../../actors/order/order.consumer.ts';
import { systemClock } from '../../runtime/define/clock.ts';
import type { ActorRefs } from '../../runtime/define/ref.ts';
import type { EventLog } from '../../runtime/events/event-log.ts';
import { OutboxRelay } from '../../runtime/events/outbox-relay.ts';
import { RedisStreamsEventLog } from '../../runtime/events/redis-streams-event-log.ts';
import type { Logger } from '../../runtime/observe/logger.ts';
import type { Config } from '../config/config.ts';
import type { Lifecycle } from '../infra/lifecycle.ts';
import type { PostgresBackend } from './backends.ts';
import type { RedisBackend } from './redis.ts';

/** True for an outbox row `o` whose order is missing: the event log is on Redis, which may be lost. */
const withoutOrder = 'NOT EXISTS (SELECT 1 FROM orders WHERE orders.checkout_id = o.aggregate_id::uuid)';

/** An order comes within a second of its event. One that is missing after so many looks has lost it. */
const undeliveredPolls = 6;

export function startEventLog(
  lifecycle: Lifecycle,
  { redis }: RedisBackend,
  instanceId: string,
  logger: Logger,
): Promise<EventLog> {
  return lifecycle.start({
    name: 'the event log',
    start: () => new RedisStreamsEventLog({ redis, clock: systemClock, logger, instanceId }),
    stop: (log) => log.close(),
  });
}

/** Carries completed checkouts from the outbox to the event log. */
export async function startRelay(
  config: Config,
  lifecycle: Lifecycle,
  { url }: PostgresBackend,
  log: EventLog,
  logger: Logger,
): Promise<void> {
  const { recoveryPollMs } = config.checkout;
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
        },
      }),
    stop: (relay) => relay.close(),
  });
}

/** Takes completed checkouts to the carts and the orders. */
export async function startConsumers(
  lifecycle: Lifecycle,
  deps: { readonly log: EventLog; readonly refs: ActorRefs; readonly logger: Logger },
): Promise<void> {
  for (const [name, start] of [
    ['the cart consumer', startCartConsumer],
    ['the order consumer', startOrderConsumer],
  ] as const) {
    await lifecycle.start({ name, start: () => start(deps), stop: (subscription) => subscription.close() });
  }
}
