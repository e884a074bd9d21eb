import { silentLogger } from '@trolley/runtime';
import { openPostgresClient } from '@trolley/runtime/postgres';
import type { ReachedPostgres } from '../stores/running-postgres.ts';
import { startHealth } from '../../shop/compose/health.ts';
import { startServices } from '../../shop/compose/services.ts';
import { startGrpcTls } from '../../shop/compose/tls.ts';
import type { Config } from '../../shop/config/config.ts';
import { createLifecycle, type Lifecycle } from '../../shop/process/lifecycle.ts';
import type { Progress } from '../../shop/process/progress.ts';
import { openOperatorClient } from '../stores/operator-client.ts';
import { reachRedis } from '../stores/running-redis.ts';
import type { MendingShop } from './menders.ts';

/** Gives `use` the services of the running shop, or, where none runs, its services on DATA_DIR, started for this. */
export async function withMendingShop<T>(
  config: Config,
  reached: ReachedPostgres,
  progress: Progress,
  use: (shop: MendingShop) => Promise<T>,
): Promise<T> {
  const lifecycle = createLifecycle({ progress: { ...progress, done: () => undefined }, log: silentLogger });
  try {
    const postgres = await lifecycle.start({
      name: 'the PostgreSQL connection',
      start: () =>
        openPostgresClient(reached.url, {
          applicationName: 'trolley-reconcile',
          statementTimeoutMs: 30_000,
          idleInTransactionMs: 30_000,
        }),
      stop: (client) => client.end(),
    });
    const { inventory, payments } = await servicesOf(config, reached.idle, lifecycle);
    let cluster: ReturnType<typeof clusterOf> | undefined;
    const refs = async () => (await (cluster ??= clusterOf(config, lifecycle))).refs;
    return await use({ dataDir: config.dataDir, postgres, inventory, payments, refs });
  } finally {
    await lifecycle.stop();
  }
}

async function servicesOf(config: Config, idle: boolean, lifecycle: Lifecycle) {
  const health = await startHealth({ ...config, healthPort: undefined }, lifecycle, silentLogger);
  const tls = await startGrpcTls(config, lifecycle, silentLogger);
  const anyPort = { product: 0, cart: 0, inventory: 0, payment: 0, orders: 0, checkout: 0 };
  const ours: Config = idle
    ? {
        ...config,
        roles: new Set(['inventory', 'payment']),
        grpcHost: '127.0.0.1',
        grpcPorts: anyPort,
        givenAddresses: new Set(),
      }
    : { ...config, roles: new Set() };
  return startServices(ours, { path: config.dataDir }, lifecycle, silentLogger, { tls, health });
}

async function clusterOf(config: Config, lifecycle: Lifecycle) {
  const redis = await lifecycle.start({
    name: 'the Redis connection',
    start: () => reachRedis(config),
    stop: (connection) => connection.disconnect(),
  });
  return lifecycle.start({
    name: 'the cluster client',
    start: () => openOperatorClient(redis, config),
    stop: (client) => client.close(),
  });
}
