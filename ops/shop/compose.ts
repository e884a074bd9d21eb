import { type LinkPort, type Logger, systemClock } from '@trolley/runtime';
import type { HealthCheck } from '@trolley/runtime/observe';
import { createRuntimeMetrics } from '@trolley/runtime/prometheus';
import { createRedisCartViews } from '../../actors/cart/cart.view.redis.ts';
import { ExpectedOrders } from '../../actors/order/expected-orders.ts';
import type { Gateway } from '../../gateway/server.ts';
import { startActorNode } from './compose/actor-node.ts';
import { startPostgresBackend } from './compose/backends.ts';
import { startCluster } from './compose/cluster.ts';
import { type RunningConsole, startConsole } from './compose/console.ts';
import { startConsumers, startEventLog, startRelay } from './compose/events.ts';
import { startGatewayWorkers } from './compose/gateway-workers.ts';
import { startHealth, type Health } from './compose/health.ts';
import { composeShop, startGrpcFacade, startGateway, startShedding } from './compose/ingress.ts';
import { openDataDirChecked, warnOfUnknownHosts } from './compose/preflight.ts';
import { startRedisBackend } from './compose/redis.ts';
import { startServices } from './compose/services.ts';
import { startGrpcTls } from './compose/tls.ts';
import { startTracing } from './compose/tracing.ts';
import type { Config } from './config/config.ts';
import { cacheMetrics } from './metrics/cache-metrics.ts';
import { grpcMetrics } from './metrics/grpc-metrics.ts';
import { Metrics, type Snapshot } from './metrics/metrics.ts';
import { outboxSource } from './metrics/sources.ts';
import type { DataDir } from './process/data-dir.ts';
import type { Lifecycle } from './process/lifecycle.ts';
import type { GatewayWorkers } from './workers/gateway-workers.ts';

export interface RunningTrolley {
  /** Present when this process, or one that it started, is a gateway. */
  readonly gatewayUrl?: string;
  /** Present when this process is a console. */
  readonly console?: RunningConsole;
}

/**
 * Starts what the roles of this process need: what others stand on first, the way in last.
 *
 * @param workers - the processes that are its gateway; undefined: the gateway runs here
 */
export async function startTrolley(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  workers?: GatewayWorkers,
): Promise<RunningTrolley> {
  const dataDir = await lifecycle.start({
    name: 'DATA_DIR',
    start: () => openDataDirChecked(config),
    stop: (held) => held.release(),
    describe: (held) =>
      held.takenOver ? 'The last run was killed: going on from what it had stored' : undefined,
  });
  // A slow name server holds up nothing.
  void warnOfUnknownHosts(config, logger);
  const metrics = new Metrics({ process: 'main', clock: systemClock });
  if (workers !== undefined) metrics.include(() => workers.snapshots((name) => metrics.failed(name)));
  const health = await startHealth(config, lifecycle, logger, metrics);
  const parts = { dataDir, health, metrics, workers };
  const { gateway, console } = await startRoles(config, lifecycle, logger, parts);
  health.started();
  if (gateway !== undefined) dataDir.announce(gateway.url);
  return {
    ...(gateway === undefined ? {} : { gatewayUrl: gateway.url }),
    ...(console === undefined ? {} : { console }),
  };
}

/** What a gateway of several knows of its shop. */
export interface ShopAround {
  /** What the figures of this process are told apart by. */
  readonly name: string;
  /** What the process looks at that has started this one. */
  readonly dependencies: Readonly<Record<string, HealthCheck>>;
  /** The figures of the whole shop. */
  readonly metrics: () => Promise<string>;
  /** To that process, where it hosts the actors. */
  readonly link: LinkPort | undefined;
  /** Hears how the figures of this process are read. */
  readonly onStarting: (measure: () => Promise<Snapshot>) => void;
}

/** Starts the gateway of a shop whose process has started this one, and holds DATA_DIR. */
export async function startGatewayOf(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  { name, dependencies, metrics: whole, link, onStarting }: ShopAround,
): Promise<Pick<Gateway, 'url' | 'port'>> {
  const metrics = new Metrics({ process: name, clock: systemClock, whole });
  onStarting(() => metrics.snapshot());
  const health = await startHealth(config, lifecycle, logger, metrics);
  const dataDir = { path: config.dataDir, takenOver: false };
  const { gateway } = await startRoles(config, lifecycle, logger, {
    dataDir,
    health,
    metrics,
    workers: undefined,
    link,
  });
  for (const [dependency, check] of Object.entries(dependencies)) {
    if (health.checks[dependency] === undefined) health.addRemoteCheck(dependency, check);
  }
  health.started();
  if (gateway === undefined) throw new Error('a gateway process has the role gateway');
  return gateway;
}

interface Around {
  readonly dataDir: Pick<DataDir, 'path' | 'takenOver'>;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly workers: GatewayWorkers | undefined;
  readonly link?: LinkPort | undefined;
}

interface WaysIn {
  readonly gateway?: Pick<Gateway, 'url' | 'port'>;
  readonly console?: RunningConsole;
}

async function startRoles(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  { dataDir, health, metrics, workers, link }: Around,
): Promise<WaysIn> {
  const is = (role: Parameters<typeof config.roles.has>[0]) => config.roles.has(role);
  const tracing = await startTracing(config, lifecycle, logger, metrics);
  const redis = await startRedisBackend(config, dataDir, lifecycle, logger);
  const postgres = await startPostgresBackend(config, dataDir, lifecycle, logger);
  const grpcTls = await startGrpcTls(config, lifecycle, logger);
  const observer = { ...grpcMetrics(metrics.registry), ...tracing?.calls };
  const services = await startServices(config, dataDir, lifecycle, logger, {
    tls: grpcTls,
    health,
    observer,
  });
  if (redis === undefined) return {};
  health.addCheck('redis', redis.check);
  if (postgres !== undefined) health.addCheck('postgres', postgres.check);

  const { shards, mailboxLimit } = config.actors;
  const runtimeMetrics = createRuntimeMetrics({ registry: metrics.registry });
  const traced = tracing === undefined ? [] : [tracing.runtime.client];
  const interceptors = [runtimeMetrics.client, ...traced];
  const cluster = await startCluster(
    { redis: redis.redis, logger, shards, mailboxLimit, interceptors },
    lifecycle,
  );
  if (link !== undefined) cluster.linkToNode(link);
  const { refs, nodes } = cluster;
  if (is('gateway') || is('grpc') || is('consumers')) health.addCheck('nodes', nodes);
  const cartViews = createRedisCartViews({ redis: redis.redis, random: Math.random, logger });

  const expectedOrders = is('node') ? new ExpectedOrders(systemClock) : undefined;
  if (expectedOrders !== undefined && postgres !== undefined) {
    const shared = { cluster, expectedOrders, redis: redis.redis, postgres, services, cartViews };
    const parts = { ...shared, health, metrics, runtimeMetrics, tracing };
    await startActorNode(config, dataDir, lifecycle, logger, parts);
  }
  const events =
    is('relay') || is('consumers') || is('console')
      ? await startEventLog(config, lifecycle, logger, { redis, health, tracing })
      : undefined;
  if (events !== undefined) {
    if (is('consumers')) await startConsumers(lifecycle, { log: events.log, refs, logger, metrics });
    if (is('relay') && postgres !== undefined) {
      metrics.addSource('outbox', outboxSource(postgres.pool));
      await startRelay(config, lifecycle, postgres, events, logger);
    }
  }
  if (postgres === undefined) return {};
  const operators =
    is('console') && events !== undefined
      ? {
          console: await startConsole(config, lifecycle, logger, {
            postgres,
            redis,
            cluster: cluster.inspected,
            refs,
            log: events.log,
          }),
        }
      : {};
  if (!(is('gateway') || is('grpc'))) return operators;

  const caches = cacheMetrics(metrics.registry);
  const shop = composeShop(config, logger, { refs, cartViews, postgres, services, caches, expectedOrders });
  const shedding = await startShedding(config, lifecycle, logger);
  const entered = { shop, shedding, redis };
  if (is('grpc'))
    await startGrpcFacade(config, lifecycle, logger, { ...entered, grpcTls, postgres, nodes, observer });
  if (!is('gateway')) return operators;
  const gateway =
    workers === undefined
      ? await startGateway(config, lifecycle, logger, { ...entered, health, metrics, tracing })
      : await startGatewayWorkers(config, lifecycle, {
          workers,
          redis,
          postgres,
          services,
          health,
          metrics,
          cluster,
        });
  return { ...operators, gateway };
}
