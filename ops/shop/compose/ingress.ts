import { randomUUID } from 'node:crypto';
import { type ActorRefs, type Logger, systemClock } from '@trolley/runtime';
import type { HealthCheck, HealthChecks } from '@trolley/runtime/observe';
import { createRedisChangeSubscriber } from '../../../actors/changes/change-notices.redis.ts';
import {
  createPostgresBuyerCheckouts,
  createPostgresCheckoutChanges,
} from '../../../actors/checkout/buyer-checkouts.queries.postgres.ts';
import {
  createPostgresOrderChanges,
  createPostgresOrderQueries,
} from '../../../actors/order/order.queries.postgres.ts';
import type { GrpcObserver } from '../../../actors/services/grpc/grpc-observer.ts';
import { openGrpcServer } from '../../../actors/services/grpc/grpc-server.ts';
import type { MutualTls } from '../../../actors/services/grpc/mutual-tls.ts';
import type { UnaryService } from '../../../actors/services/grpc/unary-service.ts';
import type { CartViews } from '../../../actors/cart/cart.view.ts';
import { trustedProxies } from '../../../gateway/client-address.ts';
import { cartFacade } from '../../../gateway/grpc/cart-facade.ts';
import { checkoutFacade } from '../../../gateway/grpc/checkout-facade.ts';
import { ordersFacade } from '../../../gateway/grpc/orders-facade.ts';
import type { Shedding } from '../../../gateway/middleware/load-shedding.ts';
import { openShedding } from '../../../gateway/middleware/open-shedding.ts';
import { createRedisRateLimits } from '../../../gateway/middleware/redis-rate-limits.ts';
import { openGateway, type Gateway } from '../../../gateway/server.ts';
import { type Caches, createShop, type Shop } from '../../../gateway/shop.ts';
import type { ExpectedOrders } from '../../../actors/order/expected-orders.ts';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { eventMetrics } from '../metrics/event-metrics.ts';
import { requestMetrics } from '../metrics/request-metrics.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { version } from '../process/package-facts.mjs';
import type { PostgresBackend } from './backends.ts';
import type { Health } from './health.ts';
import { listening } from './listening.ts';
import type { RedisBackend } from './redis.ts';
import type { Services } from './services.ts';
import { startHttpsTls } from './tls.ts';
import type { Tracing } from './tracing.ts';

export interface ShopParts {
  readonly refs: ActorRefs;
  readonly cartViews: CartViews;
  readonly postgres: PostgresBackend;
  readonly services: Services;
  readonly caches: Caches;
  /** Where this process hosts the actors. */
  readonly expectedOrders: ExpectedOrders | undefined;
}

export function composeShop(config: Config, logger: Logger, parts: ShopParts): Shop {
  const { refs, cartViews, postgres, services, caches, expectedOrders } = parts;
  return createShop({
    refs,
    catalog: services.catalog,
    inventory: services.inventory,
    cartViews,
    buyerCheckouts: createPostgresBuyerCheckouts(postgres.pool),
    orderQueries: createPostgresOrderQueries(postgres.pool),
    ordersToCome: expectedOrders,
    changes: {
      checkouts: createPostgresCheckoutChanges(postgres.pool),
      orders: createPostgresOrderChanges(postgres.pool),
    },
    clock: systemClock,
    logger,
    caches,
    forcingPaymentMethods: config.payment.forcingMethods,
    requestTimeoutMs: config.http.requestTimeoutMs,
  });
}

/** For all ways in of this process: they share its event loop, and the actors. */
export async function startShedding(config: Config, lifecycle: Lifecycle, logger: Logger): Promise<Shedding> {
  const { shedding } = await lifecycle.start({
    name: 'load shedding',
    start: () => openShedding({ clock: systemClock, logger, aboveMs: config.http.shedAboveMs }),
    stop: (open) => open.stop(),
  });
  return shedding;
}

interface FacadeParts {
  readonly shop: Shop;
  readonly shedding: Shedding;
  readonly grpcTls: MutualTls | undefined;
  readonly redis: RedisBackend;
  readonly postgres: PostgresBackend;
  /** Rejects while no node is alive. */
  readonly nodes: HealthCheck;
  readonly observer: GrpcObserver;
}

/** The gRPC façades of the actors. */
export async function startGrpcFacade(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  { shop, shedding, grpcTls, redis, postgres, nodes, observer }: FacadeParts,
): Promise<void> {
  const options = {
    clock: systemClock,
    newId: randomUUID,
    requestTimeoutMs: config.http.requestTimeoutMs,
    shedding,
  };
  // The actors are behind Redis; what becomes of checkouts and orders is in PostgreSQL.
  const actors = { redis: redis.check, nodes };
  const both = { ...actors, postgres: postgres.check };
  const facades: [name: 'cart' | 'checkout' | 'orders', service: UnaryService, needs: HealthChecks][] = [
    ['cart', cartFacade(shop.carts, options), actors],
    ['checkout', checkoutFacade(shop.checkouts, options), both],
    ['orders', ordersFacade(shop.orders, options), both],
  ];
  for (const [name, service, needs] of facades) {
    const claim = {
      host: config.grpcHost,
      port: config.grpcPorts[name],
      variable: `${name.toUpperCase()}_PORT`,
    };
    const facade = await lifecycle.start({
      name: `the ${name} façade`,
      start: () =>
        listening.open(claim, () =>
          openGrpcServer({
            host: claim.host,
            port: claim.port,
            services: [service],
            logger,
            observer,
            needs,
            credentials: grpcTls?.server,
          }),
        ),
      stop: (server) => server.close(),
      describe: ({ port }) => `${name} gRPC façade on :${port}`,
    });
    lifecycle.stopping.addEventListener('abort', () => facade.drain());
  }
}

/** In the long run one request in five may be a checkout. */
const checkoutShare = 0.2;

interface GatewayParts {
  readonly shop: Shop;
  readonly shedding: Shedding;
  readonly redis: RedisBackend;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
}

/** The REST API. */
export async function startGateway(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  { shop, shedding, redis, health, metrics, tracing }: GatewayParts,
): Promise<Gateway> {
  const claim = { port: config.http.port, variable: 'HTTP_PORT', host: config.http.host };
  const { perSecond: rps, burst } = config.rateLimit;
  const changeSubscriber = await lifecycle.start({
    name: 'the notices of changes',
    start: () => createRedisChangeSubscriber({ redis: redis.redis, clock: systemClock, logger }),
    stop: (subscriber) => subscriber.close(),
  });
  const certificates = await startHttpsTls(config, 'gateway', lifecycle, logger);
  const gateway = await lifecycle.start({
    name: 'the gateway',
    start: () =>
      listening.open(claim, () =>
        openGateway({
          host: config.http.host,
          port: claim.port,
          shop,
          rateLimits: createRedisRateLimits({ redis: redis.redis, logger, rps, burst }),
          checkoutRateLimits: createRedisRateLimits({
            ...{ redis: redis.redis, logger, burst, name: 'checkout-rate-limit' },
            rps: rps * checkoutShare,
          }),
          clock: systemClock,
          newId: randomUUID,
          logger,
          version,
          jwt: config.jwt,
          corsOrigins: config.http.corsOrigins,
          changeSubscriber,
          eventLimits: config.http.events,
          eventObserver: eventMetrics(metrics.registry),
          random: Math.random,
          trustedProxies: trustedProxies(config.http.trustedProxies),
          requestTimeoutMs: config.http.requestTimeoutMs,
          maxBodyBytes: config.http.bodyLimitBytes,
          shedding,
          healthChecks: health.checks,
          metrics: {
            answered: requestMetrics(metrics.registry),
            text: metrics.text,
            contentType: metrics.contentType,
          },
          tracing: tracing?.requests,
          tls: certificates?.current,
        }),
      ),
    stop: (running) => running.close(),
    describe: ({ url }) => `gateway on ${url}`,
    stopDeadlineMs: 15_000,
  });
  certificates?.onChange((renewed) => gateway.renewTls(renewed));
  return gateway;
}
