import { getHeapStatistics } from 'node:v8';
import {
  type ClusterNode,
  type Logger,
  type RedisConnection,
  type StateStore,
  systemClock,
} from '@trolley/runtime';
import type { TracedDatabase } from '@trolley/runtime/opentelemetry';
import { PostgresStateStore } from '@trolley/runtime/postgres';
import type { RuntimeMetrics } from '@trolley/runtime/prometheus';
import { createCartActor } from '../../../actors/cart/cart.actor.ts';
import type { CartViews } from '../../../actors/cart/cart.view.ts';
import { readMachine } from 'trolley-statechart';
import { createPostgresSagaCharts } from '../../console/sagas/saga-charts.ts';
import { createRedisChangePublisher } from '../../../actors/changes/change-notices.redis.ts';
import { checkoutMachine } from '../../../actors/checkout/checkout.machine.ts';
import { createCheckoutSagas } from '../../../actors/checkout/checkout.sagas.postgres.ts';
import { createCheckoutActor } from '../../../actors/checkout/checkout.actor.ts';
import { checkoutTable } from '../../../actors/checkout/checkout.store.postgres.ts';
import { createOrderActor } from '../../../actors/order/order.actor.ts';
import { OrderContract } from '../../../actors/order/order.contract.ts';
import { orderTable } from '../../../actors/order/order.store.postgres.ts';
import type { ExpectedOrders } from '../../../actors/order/expected-orders.ts';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { sagaMetrics } from '../metrics/saga-metrics.ts';
import { mailboxSource, sagaSource } from '../metrics/sources.ts';
import type { DataDir } from '../process/data-dir.ts';
import { version } from '../process/package-facts.mjs';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { PostgresBackend } from './backends.ts';
import { startCartStore } from './cart-store.ts';
import type { Cluster } from './cluster.ts';
import type { Health } from './health.ts';
import { noteOrders } from './note-orders.ts';
import type { Services } from './services.ts';
import { tellChanges } from './tell-changes.ts';
import type { Tracing } from './tracing.ts';

export interface ActorNodeParts {
  readonly cluster: Cluster;
  readonly redis: RedisConnection;
  readonly postgres: PostgresBackend;
  readonly services: Services;
  readonly cartViews: CartViews;
  readonly expectedOrders: ExpectedOrders;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly runtimeMetrics: RuntimeMetrics;
  readonly tracing: Tracing | undefined;
}

/** The part of the heap that is in use, 0 to 1. */
function memoryInUse(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return used_heap_size / heap_size_limit;
}

const tableOf = (collection: string): TracedDatabase => ({ system: 'postgresql', collection });

const cartDatabase = ({ mongo }: Config): TracedDatabase =>
  mongo.uri === undefined
    ? { system: 'sqlite', collection: 'actor_cart' }
    : { system: 'mongodb', collection: 'carts' };

/** Hosts carts, checkouts and orders, and wakes those that were left in the middle of something. */
export async function startActorNode(
  config: Config,
  dataDir: Pick<DataDir, 'path' | 'takenOver'>,
  lifecycle: Lifecycle,
  logger: Logger,
  { cluster, redis, postgres, services, cartViews, expectedOrders, ...around }: ActorNodeParts,
): Promise<void> {
  const { health, metrics, runtimeMetrics, tracing } = around;
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
  const observed = (type: string, store: StateStore, database: TracedDatabase) => {
    const measured = runtimeMetrics.store(type, store);
    return tracing === undefined ? measured : tracing.runtime.store(type, measured, database);
  };
  const countSaga = sagaMetrics(metrics.registry);
  const tellChange = tellChanges(createRedisChangePublisher({ redis, logger }));
  // Checkouts that were left unfinished may complete before the node is there.
  const hosting: { node?: ClusterNode } = {};
  const noteOrder = noteOrders(expectedOrders, (id) => hosting.node?.holds(OrderContract, id) === true);
  const node = await lifecycle.start({
    name: 'the actor node',
    start: () =>
      cluster.host(
        [
          { actor: cartActor, store: observed('cart', carts, cartDatabase(config)) },
          { actor: checkoutActor, store: observed('checkout', checkouts, tableOf('checkout_sessions')) },
          { actor: orderActor, store: observed('order', orders, tableOf('orders')) },
        ],
        {
          version,
          memoryInUse,
          ...(tracing === undefined ? {} : { interceptors: [tracing.runtime.node] }),
          observer: {
            ...runtimeMetrics.observer,
            turnEnded(turn) {
              runtimeMetrics.observer.turnEnded?.(turn);
              tracing?.runtime.observer.turnEnded?.(turn);
            },
            stateWritten(state) {
              countSaga(state);
              tellChange(state);
              noteOrder(state);
            },
          },
          // What ended the last run may be a message that comes again: Redis counts how often it was begun.
          ...(dataDir.takenOver ? {} : { nearAsksAfterMs: 0 }),
          limits: { idleMs: config.actors.idleMs, recoverMs: config.checkout.recoveryPollMs },
        },
      ),
    stop: (node) => node.close(),
    describe: ({ shards }) => `actor node with ${shards} of ${config.actors.shards} shards`,
  });
  hosting.node = node;
  metrics.addSource('mailboxes', mailboxSource(node));
  const sagas = createCheckoutSagas({ pool: postgres.pool, refs: cluster.refs, clock: systemClock });
  metrics.addSource(
    'sagas',
    sagaSource(sagas.machine, () => sagas.countStuck(), systemClock),
  );
}
