import type { Role } from './roles.ts';
import * as value from './value.ts';
import type { Value } from './value.ts';

/** One setting: how it is read, what it is when left out, and what help and guide say of it. */
export interface Variable<T, D extends string | undefined = string | undefined> {
  readonly value: Value<T>;
  /** As it would be written; undefined: may be left out. */
  readonly fallback: D;
  /** What stands in the tables in place of the fallback. */
  readonly shown?: string;
  readonly meaning: string;
  readonly group: string;
  /** Those who read it; a wrong value stops only them. */
  readonly roles: readonly Role[] | 'all';
  readonly secret?: boolean;
}

type Facts = Pick<Variable<unknown>, 'shown' | 'secret'>;

function inGroup(group: string, roles: Variable<unknown>['roles']) {
  return {
    set: <T>(value: Value<T>, fallback: string, meaning: string, facts: Facts = {}): Variable<T, string> => ({
      ...{ value, fallback, meaning, group, roles },
      ...facts,
    }),
    optional: <T>(
      value: Value<T>,
      shown: string,
      meaning: string,
      facts: Facts = {},
    ): Variable<T, undefined> => ({
      ...{ value, fallback: undefined, shown, meaning, group, roles },
      ...facts,
    }),
  };
}

const general = inGroup('Process', 'all');
const storage = inGroup('Storage', 'all');
const gateway = inGroup('Gateway', ['gateway']);
const waysIn = inGroup('Gateway', ['gateway', 'grpc']);
const web = inGroup('Gateway', ['gateway', 'console']);
const operators = inGroup('Console', ['console']);
const facades = inGroup('gRPC ports', ['grpc']);
const grpcServers = inGroup('gRPC ports', ['product', 'inventory', 'payment', 'grpc']);
const services = inGroup('TLS between services', 'all');
const events = inGroup('Event log', ['relay', 'consumers', 'console']);
const callers = inGroup('Where services are found', ['gateway', 'node', 'grpc', 'consumers']);
const payment = inGroup('Payment simulation', ['payment']);
const checkout = inGroup('Checkout', ['node', 'inventory']);
const relay = inGroup('Checkout', ['relay']);
const tracing = inGroup('Tracing', 'all');
const actors = inGroup('Actors', ['gateway', 'node', 'consumers', 'grpc', 'console']);

const day = 86_400_000;
const reserved = 'Reserved: every role reaches the actors through Redis';

/** Every variable that Trolley reads, in the order of the tables. */
export const variables = {
  ROLES: general.set(
    value.roleList,
    'all',
    'What this process does: a comma list of `gateway`, `node`, `relay`, `consumers`, `product`, `inventory`, `payment`, `grpc`, `console`; `all` = everything',
  ),
  NODE_ENV: general.set(
    value.oneOf('development', 'production', 'test'),
    'development',
    '`production` wants a `JWT_SECRET` and hands out no tokens',
  ),
  LOG_LEVEL: general.set(
    value.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'From which level on entries are logged',
  ),
  HEALTH_PORT: general.optional(
    value.port,
    'none',
    'Where `GET /health/live`, `/health/ready` and `/metrics` answer for any role, over plain HTTP; 0 = any free port',
  ),

  DATA_DIR: storage.set(value.text, '.data', 'All embedded state; deleting it is a fresh start'),
  REDIS_URL: storage.optional(
    value.redisUrl,
    'embedded',
    '`redis://host:6379`, `redis+sentinel://host:26379,…/master-name`, `redis+cluster://host:6379,…`; `rediss…` for TLS. It must run with AOF and `noeviction`',
    { secret: true },
  ),
  REDIS_TLS_CA: storage.optional(
    value.text,
    'those of Node',
    'File with the authorities that Redis, and its Sentinels, are checked against, PEM',
  ),
  REDIS_TLS_CERT: storage.optional(
    value.text,
    'none',
    'File with the certificate chain that this process shows to Redis, PEM',
  ),
  REDIS_TLS_KEY: storage.optional(value.text, 'none', 'File with the private key of `REDIS_TLS_CERT`, PEM'),
  POSTGRES_URL: storage.optional(
    value.url('postgres:', 'postgresql:'),
    'embedded, under `DATA_DIR`',
    'Checkouts, outbox and orders. `?schema=NAME` keeps their tables in that schema. A pooler in between has to give each connection a session of its own (PgBouncer: `pool_mode=session`)',
    { secret: true },
  ),
  POSTGRES_POOL_MAX: storage.set(
    value.integer(1, 1_000),
    '10',
    'Connections of this process to PostgreSQL at most, besides one each for a node and a relay',
  ),
  POSTGRES_STATEMENT_TIMEOUT_MS: storage.set(
    value.milliseconds(100, day),
    '5000',
    'A statement that takes longer is ended; all of them are short',
  ),
  MONGODB_URI: inGroup('Storage', ['node']).optional(
    value.mongoUri,
    'unset: carts in SQLite, under `DATA_DIR`',
    'Carts, for any number of nodes. The address also says which database, and whether TLS: `mongodb://host/trolley?tls=true`',
    { secret: true },
  ),
  SEED_STOCK: inGroup('Storage', ['inventory', 'product']).optional(
    value.integer(0, 1_000_000_000),
    'per product',
    'A number: every seeded product starts with that stock (on a new `DATA_DIR`)',
  ),

  KAFKA_BROKERS: events.optional(
    value.brokers,
    'unset: Redis Streams',
    'The event log on Kafka: a comma list of `host:port`, some of its brokers. The same for every relay and consumer',
  ),
  KAFKA_SSL: events.set(value.yesOrNo, 'false', 'Whether Kafka is reached over TLS'),
  KAFKA_SSL_CA: events.optional(
    value.text,
    'those of Node',
    'File with the authorities that Kafka is checked against, PEM',
  ),
  KAFKA_SASL_MECHANISM: events.optional(
    value.saslMechanism,
    'none',
    '`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`; together with the next two',
  ),
  KAFKA_SASL_USERNAME: events.optional(value.text, 'none', 'The user at Kafka'),
  KAFKA_SASL_PASSWORD: events.optional(value.secret, 'none', 'The password of that user', { secret: true }),

  HTTP_HOST: general.optional(
    value.host,
    '`127.0.0.1` in development, else `0.0.0.0`',
    'The address that `HTTP_PORT`, `CONSOLE_PORT` and `HEALTH_PORT` are listened on',
  ),
  HTTP_PORT: gateway.set(value.port, '8080', '0 = any free port, printed at start'),
  SHED_ABOVE_MS: waysIn.set(
    value.milliseconds(0, 60_000),
    '200',
    'How late a gateway, or the process of the gRPC façades, may come to its requests, and how long even the quickest change of a cart may take, for half a second or more, before it refuses at once (503, over gRPC UNAVAILABLE) what it could not answer soon. Of a sudden surge it refuses what is more than usual, however quick the shop is; 0 = never',
  ),
  GATEWAY_PROCESSES: gateway.set(
    value.countOrAuto(32),
    'auto',
    'How many processes of its own the gateway gets, all on `HTTP_PORT`; 0 = it runs in the process of the other roles. `auto`: with four processor cores or more, one for every two, 4 at most, beside other roles; none with `GRPC_TLS_*` unless the addresses of the services are given',
  ),
  REQUEST_TIMEOUT_MS: waysIn.set(
    value.milliseconds(1, day),
    '30000',
    'A request that takes longer is answered 504; an unfinished checkout 202',
  ),
  BODY_LIMIT: gateway.set(value.bytes(100 * 1024 * 1024), '1mb', 'A longer body is answered 413'),
  MAX_EVENT_STREAMS: gateway.set(
    value.integer(1, 100_000),
    '2000',
    'Streams of events (`GET /api/v1/events`) that one gateway process keeps open; one more is answered 503',
  ),
  MAX_EVENT_STREAMS_PER_USER: gateway.set(
    value.integer(1, 1_000),
    '8',
    'Of these, those of one user; one more is answered 429 `too_many_streams`',
  ),
  CORS_ORIGINS: gateway.set(value.origins, '', 'Comma list of the origins whose pages may call', {
    shown: 'none',
  }),
  TRUSTED_PROXIES: web.set(
    value.networks,
    '',
    'Comma list of the addresses or networks whose `X-Forwarded-For` says where a request came from',
    { shown: 'none' },
  ),
  RATE_LIMIT_RPS: gateway.set(
    value.integer(0, 1_000_000),
    '10',
    'Requests a second per user (per address without a token); 0 = off',
  ),
  RATE_LIMIT_BURST: gateway.set(
    value.integer(1, 1_000_000),
    '20',
    'Requests at once, before the rate counts',
  ),
  JWT_SECRET: gateway.optional(
    value.secret,
    'a known one, in development only',
    'Signs and checks tokens (HS256); in production at least 32 bytes',
    { secret: true },
  ),
  JWT_SECRETS_PREVIOUS: gateway.set(
    value.secrets,
    '',
    'Comma list of earlier secrets whose tokens are still taken, for rotation; nothing is signed with them',
    { shown: 'none', secret: true },
  ),
  JWT_JWKS_URL: gateway.optional(
    value.jwksUrl,
    'tokens are checked with `JWT_SECRET`',
    'Where the public keys are that tokens are checked with instead (RS256, ES256, EdDSA); https only in production',
  ),
  JWT_ISSUER: gateway.set(value.text, 'ecommerce-platform', 'What the claim `iss` must equal'),
  TLS_CERT: web.optional(
    value.text,
    'plain HTTP',
    'File with the certificate chain of the gateway and the console, PEM',
  ),
  TLS_KEY: web.optional(value.text, 'plain HTTP', 'File with the private key of `TLS_CERT`, PEM'),

  CONSOLE_PORT: operators.set(
    value.port,
    '8090',
    'Where the console is; 0 = any free port, printed at start',
  ),
  CONSOLE_USERS: operators.optional(
    value.consoleUsers,
    '`operator` with a password that the start prints, in development only',
    'Who may look and act: a comma list of `name:role:bcrypt-hash`, roles `viewer` and `operator`. `npm run console:user -- NAME ROLE` prints an entry. In production without it the console is left out, and refused where `ROLES` names it',
    { secret: true },
  ),

  PRODUCT_PORT: inGroup('gRPC ports', ['product']).set(value.port, '50051', '0 = any free port'),
  CART_PORT: facades.set(value.port, '50052', '0 = any free port'),
  INVENTORY_PORT: inGroup('gRPC ports', ['inventory']).set(value.port, '50053', '0 = any free port'),
  PAYMENT_PORT: inGroup('gRPC ports', ['payment']).set(value.port, '50054', '0 = any free port'),
  ORDERS_PORT: facades.set(value.port, '50055', '0 = any free port'),
  CHECKOUT_PORT: facades.set(value.port, '50056', '0 = any free port'),

  GRPC_HOST: grpcServers.optional(
    value.host,
    '`127.0.0.1`; `0.0.0.0` with `GRPC_TLS_*`',
    'Where all of these listen. Another address than the loopback wants `GRPC_TLS_*`, or `GRPC_INSECURE`',
  ),
  GRPC_INSECURE: grpcServers.set(
    value.yesOrNo,
    'false',
    'Whether they may listen on any address without TLS: whoever reaches them then acts for every user, and changes stock and prices. The log says so at each start',
  ),

  GRPC_TLS_CA: services.optional(
    value.text,
    'no encryption',
    'File with the authorities whose certificates gRPC servers and clients take from each other, PEM',
  ),
  GRPC_TLS_CERT: services.optional(
    value.text,
    'no encryption',
    'File with the certificate chain that this process shows to both, PEM',
  ),
  GRPC_TLS_KEY: services.optional(
    value.text,
    'no encryption',
    'File with the private key of `GRPC_TLS_CERT`, PEM',
  ),

  PRODUCT_SERVICE_ADDR: callers.optional(value.address, 'localhost:50051', 'The product service'),
  INVENTORY_SERVICE_ADDR: callers.optional(value.address, 'localhost:50053', 'The inventory service'),
  PAYMENT_SERVICE_ADDR: callers.optional(value.address, 'localhost:50054', 'The payment service'),
  CART_SERVICE_ADDR: callers.optional(value.address, 'unused', reserved),
  CHECKOUT_SERVICE_ADDR: callers.optional(value.address, 'unused', reserved),
  ORDERS_SERVICE_ADDR: callers.optional(value.address, 'unused', reserved),

  PAYMENT_SUCCESS_RATE: payment.set(value.fraction(), '0.95', 'The share of charges that are accepted'),
  PAYMENT_DELAY_MS: payment.set(
    value.millisecondRange(600_000),
    '1000-2000',
    'How long a charge takes; `0` = no delay',
  ),
  PAYMENT_SEED: payment.optional(
    value.integer(0, Number.MAX_SAFE_INTEGER),
    'random',
    'A number that makes refusals repeatable',
  ),

  RESERVE_TIMEOUT_MS: checkout.set(value.milliseconds(1, day), '30000', 'How long reserving stock may take'),
  CHARGE_TIMEOUT_MS: checkout.set(value.milliseconds(1, day), '60000', 'How long charging may take'),
  RESERVATION_TTL_MS: checkout.set(
    value.milliseconds(1, 30 * day),
    '300000',
    'Reserved stock that nobody confirms comes back after this time',
  ),
  MAX_OPEN_CHECKOUTS: inGroup('Checkout', ['node']).set(
    value.integer(1, 100),
    '3',
    'Checkouts of one user under way at once; one more is refused with 409 `too_many_checkouts`',
  ),
  MAX_RESERVED_UNITS: inGroup('Checkout', ['node']).set(
    value.integer(1, 1_000_000),
    '5000',
    'Units that the checkouts of one user may hold at once; more is refused with 409 `too_many_units`',
  ),
  RECOVERY_POLL_MS: inGroup('Checkout', ['node', 'relay']).set(
    value.milliseconds(10, day),
    '5000',
    'How often unfinished checkouts without an actor are looked for',
  ),
  SESSION_RETENTION_DAYS: relay.set(
    value.integer(1, 3_650),
    '90',
    'Days after which checkouts that have ended are removed, with their keys and histories; orders stay',
  ),
  OUTBOX_POLL_MS: relay.set(
    value.milliseconds(10, day),
    '1000',
    'How often the outbox is looked at when no notification came',
  ),

  ACTOR_SHARDS: actors.set(
    value.integer(1, 4096),
    '64',
    'Slices of all actors, spread over the nodes; the same in every process',
  ),
  ACTOR_IDLE_MS: actors.set(
    value.milliseconds(10, day),
    '60000',
    'An actor without messages leaves memory; checkouts and orders after 1 s at most',
  ),
  MAILBOX_LIMIT: actors.set(
    value.integer(1, 1_000_000),
    '1000',
    'Messages that may wait for one actor; more are answered 429',
  ),

  OTEL_EXPORTER_OTLP_ENDPOINT: tracing.optional(
    value.url('http:', 'https:'),
    'unset: no tracing',
    'Where spans are sent, such as `http://localhost:4318`. The exporter also reads `OTEL_EXPORTER_OTLP_HEADERS`, `…_TIMEOUT`, `…_COMPRESSION`, `…_CERTIFICATE` and their kin, and `OTEL_RESOURCE_ATTRIBUTES`',
    { secret: true },
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: tracing.set(
    value.oneOf('http/protobuf', 'http/json', 'grpc'),
    'http/protobuf',
    'How they are sent. With `http/…` the path `/v1/traces` is added to the endpoint',
  ),
  OTEL_SERVICE_NAME: tracing.set(value.text, 'trolley', 'What this process is called in traces'),
  OTEL_TRACES_SAMPLER: tracing.set(
    value.oneOf(
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ),
    'parentbased_always_on',
    'Which traces are recorded; `parentbased_…` goes by what the caller has decided, where there is one',
  ),
  OTEL_TRACES_SAMPLER_ARG: tracing.set(
    value.fraction(),
    '1',
    'The share of traces that `…traceidratio` records',
  ),
  OTEL_BSP_MAX_QUEUE_SIZE: tracing.set(
    value.integer(1, 1_000_000),
    '2048',
    'Spans that wait to be sent; more are dropped, and counted in `trolley_spans_dropped_total`',
  ),
  OTEL_BSP_SCHEDULE_DELAY: tracing.set(
    value.milliseconds(1, day),
    '5000',
    'How long spans are gathered before they are sent',
  ),
} as const satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof variables;

type ValueOf<V> = V extends Variable<infer T, infer D> ? (D extends undefined ? T | undefined : T) : never;

/** Every variable, read. */
export type Values = { readonly [Name in VariableName]: ValueOf<(typeof variables)[Name]> };

/** The table as a list, for those who walk it. */
export const variableList: readonly (readonly [VariableName, Variable<unknown>])[] = Object.entries(
  variables,
) as [VariableName, Variable<unknown>][];
