import { randomBytes, randomUUID } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { type ActorRefs, type Logger, systemClock } from '@trolley/runtime';
import type { EventLog } from '@trolley/runtime/events';
import { outboxInspection } from '@trolley/runtime/postgres';
import { cartConsumerGroup } from '../../../actors/cart/cart.consumer.ts';
import { checkoutTopic } from '../../../actors/checkout/checkout-completed.ts';
import { orderConsumerGroup } from '../../../actors/order/order.consumer.ts';
import { trustedProxies } from '../../../gateway/client-address.ts';
import { openHttpServer } from '../../../gateway/http-server.ts';
import { createPostgresAudit } from '../../console/audit/postgres-audit.ts';
import type { ConsoleUser } from '../../console/auth/console-users.ts';
import { createBoard } from '../../console/board/board.ts';
import { createConsole } from '../../console/create-console.ts';
import { eventRoutes, eventTroubles } from '../../console/api/event-routes.ts';
import { outboxRoutes, outboxTroubles } from '../../console/api/outbox-routes.ts';
import { clusterRoutes, clusterTroubles, type InspectedCluster } from '../../console/api/cluster-routes.ts';
import { sagaRoutes, sagaTroubles } from '../../console/api/saga-routes.ts';
import { createPostgresSagaCharts } from '../../console/sagas/saga-charts.ts';
import { createCheckoutSagas } from '../../../actors/checkout/checkout.sagas.postgres.ts';
import type { Config } from '../config/config.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { version } from '../process/package-facts.mjs';
import type { PostgresBackend } from './backends.ts';
import { listening } from './listening.ts';
import type { RedisBackend } from './redis.ts';
import { startHttpsTls } from './tls.ts';

export interface ConsoleParts {
  readonly postgres: PostgresBackend;
  readonly cluster: InspectedCluster;
  readonly refs: ActorRefs;
  readonly redis: RedisBackend;
  readonly log: EventLog;
}

export interface RunningConsole {
  readonly url: string;
  /** Made up for this start alone; undefined: the users are those of the configuration. */
  readonly account?: { readonly name: string; readonly password: string };
}

/** What operators look at and act by. */
export async function startConsole(
  config: Config,
  lifecycle: Lifecycle,
  logger: Logger,
  { postgres, redis, cluster, refs, log }: ConsoleParts,
): Promise<RunningConsole> {
  const inspectedTopic = { log, topic: checkoutTopic, groups: [cartConsumerGroup, orderConsumerGroup] };
  const inspectedOutbox = {
    outbox: outboxInspection({ pool: postgres.pool }),
    askLog: () => log.lag(checkoutTopic, orderConsumerGroup),
  };
  const { host } = config.http;
  const { port } = config.console;
  const certificates = await startHttpsTls(config, 'console', lifecycle, logger);
  const account = config.console.users === undefined ? newAccount() : undefined;
  const checkouts = createCheckoutSagas({ pool: postgres.pool, refs, clock: systemClock });
  const charts = createPostgresSagaCharts(postgres.pool);
  const board = await lifecycle.start({
    name: 'the mailboxes on the board',
    start: () =>
      createBoard({
        redis: redis.redis,
        mailboxes: cluster.mailboxes,
        shards: config.actors.shards,
        clock: systemClock,
        logger,
      }),
    stop: (opened) => opened.close(),
  });
  const app = createConsole({
    board,
    users: config.console.users ?? (account === undefined ? [] : [account.user]),
    audit: createPostgresAudit(postgres.pool),
    routes: [
      ...clusterRoutes(cluster),
      ...sagaRoutes({ sources: [checkouts], charts, parked: cluster.parked, clock: systemClock, logger }),
      ...outboxRoutes(inspectedOutbox),
      ...eventRoutes(inspectedTopic),
    ],
    troubles: [
      ...clusterTroubles(cluster, systemClock),
      sagaTroubles(checkouts, cluster.parked),
      outboxTroubles(inspectedOutbox),
      eventTroubles(inspectedTopic),
    ],
    clock: systemClock,
    logger,
    newId: randomUUID,
    newSecret: () => randomBytes(32).toString('base64url'),
    trustedProxies: trustedProxies(config.http.trustedProxies),
    isSecure: certificates !== undefined,
    facts: { version, mode: config.mode },
  });
  const server = await lifecycle.start({
    name: 'the console',
    start: () =>
      listening.open({ port, variable: 'CONSOLE_PORT', host }, () =>
        openHttpServer({
          handle: app.callback(),
          host,
          port,
          clock: systemClock,
          newId: randomUUID,
          requestTimeoutMs: 30_000,
          // Its streams end when they are cut off, and its pages ask again.
          shutdownMs: 1_000,
          tls: certificates?.current,
        }),
      ),
    stop: (running) => running.close(),
    describe: ({ url }) => `console on ${url}`,
  });
  certificates?.onChange((renewed) => server.renewTls(renewed));
  return { url: server.url, ...(account === undefined ? {} : { account }) };
}

/** Nobody guesses such a password, so its hash need not be slow. */
function newAccount(): { name: string; password: string; user: ConsoleUser } {
  const name = 'operator';
  const password = randomBytes(12).toString('base64url');
  return { name, password, user: { name, role: 'operator', hash: bcrypt.hashSync(password, 4) } };
}
