import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import compose from 'koa-compose';
import type { Clock, Logger } from '@trolley/runtime';
import { createReadiness, type HealthChecks, levelOfRetry } from '@trolley/runtime/observe';
import type { ChangeSubscriber } from '../actors/changes/change-notices.contract.ts';
import type { EventLimits, EventObserver, EventStreams } from './events/event-streams.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { GatewayTracing } from './gateway-tracing.ts';
import type { TrustedProxies } from './client-address.ts';
import { Jwks } from './jwks.ts';
import { createAdmission } from './middleware/admission.ts';
import { constantHeaders } from './middleware/constant-headers.ts';
import { createJsonBody } from './middleware/json-body.ts';
import type { Shedding } from './middleware/load-shedding.ts';
import type { RateLimits } from './middleware/rate-limits.ts';
import { requestScope, type GatewayState } from './middleware/request-scope.ts';
import { createSender } from './middleware/send-answer.ts';
import { cartRoutes } from './routes/cart-routes.ts';
import { checkoutRoutes } from './routes/checkout-routes.ts';
import { documentRoutes } from './routes/document-routes.ts';
import { Door } from './routes/door.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { healthRoutes } from './routes/health-routes.ts';
import { metricsRoutes } from './routes/metrics-routes.ts';
import { orderRoutes } from './routes/order-routes.ts';
import { productRoutes } from './routes/product-routes.ts';
import type { Route } from './routes/route.ts';
import { createRouteTable } from './routes/route-table.ts';
import { serve } from './routes/serve.ts';
import type { Shop } from './shop.ts';
import { createTokenVerifier, type JwtSettings } from './tokens.ts';

export interface GatewayDeps {
  readonly shop: Shop;
  /** None: as many requests as anybody likes. */
  readonly rateLimits: RateLimits | undefined;
  /** Of checkouts, besides. */
  readonly checkoutRateLimits?: RateLimits | undefined;
  readonly clock: Clock;
  /** Makes ids for requests that bring none. */
  readonly newId: () => string;
  readonly logger: Logger;
  /** Version of the program, which is that of its API too. */
  readonly version: string;
  readonly jwt: JwtSettings;
  /** Origins whose pages may call; none: no page of another origin. */
  readonly corsOrigins: readonly string[];
  readonly requestTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** How long the rest of a body that is not read may take to arrive. Default 5000. */
  readonly lingerMs?: number | undefined;
  readonly healthChecks: HealthChecks;
  /** None: there is no `/metrics`. */
  readonly metrics?: GatewayMetrics | undefined;
  /** None: what a sender gives of a trace is passed on, and nothing of ours is added. */
  readonly tracing?: GatewayTracing | undefined;
  /** Notices of changes, so that streams of events send them at once and not only with the next read. */
  readonly changeSubscriber: ChangeSubscriber;
  /** Default: 2,000 streams of events, 8 of one user. */
  readonly eventLimits?: EventLimits | undefined;
  readonly eventObserver?: EventObserver | undefined;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  /** Whose `X-Forwarded-For` says where a request came from. */
  readonly trustedProxies: TrustedProxies;
  /**
   * How late the process may come to what is due, and how long even the quickest ask may wait, before requests are
   * refused at once; 0: none is. Default 200.
   */
  readonly shedAboveMs?: number | undefined;
  /** That of the whole process, for all of its ways in. Default: one of this gateway alone. */
  readonly shedding?: Shedding | undefined;
}

/** The table of all routes. */
export function gatewayRoutes(
  { shop, clock, metrics, healthChecks, version }: GatewayDeps,
  streams: EventStreams,
): Route[] {
  const routes = [
    ...productRoutes(shop.products),
    ...cartRoutes(shop.carts, shop.prices),
    ...checkoutRoutes(shop.checkouts),
    ...orderRoutes(shop.orders),
    ...eventRoutes(streams),
    ...healthRoutes(createReadiness(healthChecks, clock)),
    ...(metrics === undefined ? [] : metricsRoutes(metrics)),
  ];
  return [...routes, ...documentRoutes(routes, version)];
}

/** Answers a request to the REST API. */
export type GatewayHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The REST API as a Koa app that does not listen. */
export function createApp(
  deps: GatewayDeps,
  { shedding, streams }: { readonly shedding: Shedding; readonly streams: EventStreams },
): GatewayHandler {
  const { shop, clock, logger, tracing } = deps;
  const { jwksUrl } = deps.jwt;
  const app = new Koa<GatewayState>();
  const send = createSender(deps);
  const placeAt = createRouteTable(gatewayRoutes(deps, streams));
  const tokens = createTokenVerifier(deps.jwt, clock, {
    keys: jwksUrl === undefined ? undefined : new Jwks({ url: jwksUrl, clock, logger }),
  });
  const door = new Door({ ...deps, placeAt, shedding });
  const cameAt = (request: IncomingMessage) => door.cameAt(request);
  app.use(requestScope({ ...deps, cameAt }));
  app.use(constantHeaders(deps.corsOrigins, send));
  serve(app, {
    placeAt,
    tokens,
    admit: createAdmission({
      tokens,
      limits: deps.rateLimits,
      checkoutLimits: deps.checkoutRateLimits,
    }),
    shedding,
    isLetIn: (request) => cameAt(request) !== undefined,
    readBody: createJsonBody(deps.maxBodyBytes),
    send,
    keys: shop.keys,
  });
  // What can still go wrong when the answer is on its way.
  app.on('error', (err: unknown) => logger[levelOfRetry(err)]({ err }, 'an answer was not delivered'));
  const handle = handlerOf(app);
  // With tracing or a debug log each refusal has a span or a line, which only Koa's middleware makes.
  if (tracing !== undefined || logger.isLevelEnabled('debug')) return handle;
  return (request, response) => door.enter(request, response, () => void handle(request, response));
}

/**
 * As `app.callback()`, without what costs each request more than all of Koa's middleware: listening on its connection
 * for an error, which the line of the request in the log tells as well, and an answer of Koa's own.
 */
function handlerOf(app: Koa<GatewayState>): GatewayHandler {
  const answer = compose(app.middleware);
  return (request, response) => {
    const ctx = app.createContext<GatewayState>(request, response);
    answer(ctx).catch((error: unknown) => ctx.onerror(error as Error));
  };
}
