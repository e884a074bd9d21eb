import { getHeapStatistics } from 'node:v8';
import { type Logger, systemClock } from '@trolley/runtime';
import { PostgresStateStore } from '@trolley/runtime/postgres';
import type { RuntimeMetrics } from '@trolley/runtime/prometheus';
import { createCartActor } from '../../../actors/cart/cart.actor.ts';
import type { CartViews } from '../../../actors/cart/cart.view.ts';
import { readMachine } from 'trolley-statechart';
import { createPostgresSagaCharts } from '../../console/sagas/saga-charts.ts';
import { checkoutMachine } from '../../../actors/checkout/checkout.machine.ts';
import { createCheckoutActor } from '../../../actors/checkout/checkout.actor.ts';
import { checkoutTable } from '../../../actors/checkout/checkout.store.postgres.ts';
import { createOrderActor } from '../../../actors/order/order.actor.ts';
import { orderTable } from '../../../actors/order/order.store.postgres.ts';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { sagaMetrics } from '../metrics/saga-metrics.ts';
import { mailboxSource } from '../metrics/sources.ts';
import type { DataDir } from '../process/data-dir.ts';
import { version } from '../process/package-facts.mjs';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { PostgresBackend } from './backends.ts';
import { startCartStore } from './cart-store.ts';
import type { Cluster } from './cluster.ts';
import type { Health } from './health.ts';
import type { Services } from './services.ts';

export interface ActorNodeParts {
  readonly cluster: Cluster;
  readonly postgres: PostgresBackend;
  readonly services: Services;
  readonly cartViews: CartViews;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly runtimeMetrics: RuntimeMetrics;
}

/** The part of the heap that is in use, 0 to 1. */
function memoryInUse(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return used_heap_size / heap_size_limit;
}

/** Hosts carts, checkouts and orders, and wakes those that were left in the middle of something. */
export async function startActorNode(
  config: Config,
  dataDir: Pick<DataDir, 'path' | 'takenOver'>,
  lifecycle: Lifecycle,
  logger: Logger,
  { cluster, postgres, services, cartViews, health, metrics, runtimeMetrics }: ActorNodeParts,
): Promise<void> {
  const carts = await startCartStore(config, lifecycle, logger, { dataDir, postgres, health });
  const checkouts = new PostgresStateStore({ pool: postgres.pool, table: checkoutTable });
  const orders = new PostgresStateStore({ pool: postgres.pool, table: orderTable });

  const cartActor = createCartActor({ views: cartViews, limits: config.checkout.perUser });
  const checkoutActor = createCheckoutActor({
    orders: { has: async (checkoutId) => (await orders.load(checkoutId)) !== undefined },
    prices: services.catalog,
    inventory: services.inventory,
    payments: services.payments,
    clock: systemClock,
    reserveTimeoutMs: config.checkout.reserveTimeoutMs,
    paymentTimeoutMs: config.checkout.chargeTimeoutMs,
  });
  const orderActor = createOrderActor({ payments: services.payments, inventory: services.inventory });

  await createPostgresSagaCharts(postgres.pool).remember(readMachine(checkoutMachine));
  const node = await lifecycle.start({
    name: 'the actor node',
    start: () =>
      cluster.host(
        [
          { actor: cartActor, store: runtimeMetrics.store('cart', carts) },
          { actor: checkoutActor, store: runtimeMetrics.store('checkout', checkouts) },
          { actor: orderActor, store: runtimeMetrics.store('order', orders) },
        ],
        {
          version,
          memoryInUse,
          observer: { ...runtimeMetrics.observer, stateWritten: sagaMetrics(metrics.registry) },
          // What ended the last run may be a message that comes again: Redis counts how often it was begun.
          ...(dataDir.takenOver ? {} : { nearAsksAfterMs: 0 }),
          limits: { idleMs: config.actors.idleMs, recoverMs: config.checkout.recoveryPollMs },
        },
      ),
    stop: (node) => node.close(),
    describe: ({ shards }) => `actor node with ${shards} of ${config.actors.shards} shards`,
  });
  metrics.addSource('mailboxes', mailboxSource(node));
}
