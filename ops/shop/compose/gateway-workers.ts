import type { Config } from '../config/config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { Listening } from '../workers/gateway-run.ts';
import type { GatewayWorkers } from '../workers/gateway-workers.ts';
import type { PostgresBackend } from './backends.ts';
import type { Cluster } from './cluster.ts';
import type { Health } from './health.ts';
import type { RedisBackend } from './redis.ts';
import type { RunningServices } from './services.ts';

interface ShopParts {
  readonly workers: GatewayWorkers;
  readonly redis: RedisBackend;
  readonly postgres: PostgresBackend;
  readonly services: RunningServices;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly cluster: Pick<Cluster, 'linkToAsker'>;
}

/** The REST API, by processes that run already and are told now where the rest of the shop is. */
export async function startGatewayWorkers(
  config: Config,
  lifecycle: Lifecycle,
  { workers, redis, postgres, services, health, metrics, cluster }: ShopParts,
): Promise<Listening> {
  const { addresses } = services;
  const environment = {
    ROLES: 'gateway',
    HEALTH_PORT: '',
    REDIS_URL: redis.url,
    POSTGRES_URL: postgres.url,
    PRODUCT_SERVICE_ADDR: addresses.product,
    INVENTORY_SERVICE_ADDR: addresses.inventory,
    PAYMENT_SERVICE_ADDR: addresses.payment,
  };
  const { count } = workers;
  const listening = await lifecycle.start({
    name: 'the gateway',
    start: () =>
      workers.start({
        environment,
        checks: { ...health.checks },
        metrics: metrics.text,
        link: config.roles.has('node') ? cluster.linkToAsker : undefined,
        port: config.http.port,
        fail: (problem) => lifecycle.fail(problem),
      }),
    describe: ({ url }) =>
      `gateway on ${url} (${count === 1 ? 'a process' : `${count} processes`} of its own)`,
    stop: (_, signal) => workers.stop(signal),
    stopDeadlineMs: 15_000,
  });
  health.addCheck('gateway', async () => {
    if (!workers.isWhole) throw new Error('a gateway process is being started again');
  });
  return listening;
}
