import type { Role } from './roles.ts';
import type { Range } from './value.ts';
import type { Values } from './variables.ts';

/** The services that callers find by an address. */
export type ServiceName = 'product' | 'cart' | 'inventory' | 'payment' | 'orders' | 'checkout';

/** What the environment says, checked and in units. */
export interface Config {
  readonly mode: Values['NODE_ENV'];
  readonly roles: ReadonlySet<Role>;
  readonly logLevel: Values['LOG_LEVEL'];
  /** Of the probes; undefined: none. */
  readonly healthPort: number | undefined;
  /** As given; relative to the working folder. */
  readonly dataDir: string;
  /** PATH: where the programs of embedded servers are looked for. */
  readonly searchPath: string;
  /** Lines to log at start: settings without effect. */
  readonly warnings: readonly string[];
  /** Without a URL: embedded. */
  readonly redis: {
    readonly url: string | undefined;
    /** Paths of PEM files. */
    readonly tls: Readonly<Record<'ca' | 'cert' | 'key', string | undefined>>;
  };
  readonly postgres: {
    readonly url: string | undefined;
    readonly poolMax: number;
    readonly statementTimeoutMs: number;
  };
  /** Without a URI: carts are in SQLite. */
  readonly mongo: { readonly uri: string | undefined };
  /** Undefined: the event log is on Redis Streams. */
  readonly kafka: KafkaConfig | undefined;
  readonly seedStock: number | undefined;
  readonly http: {
    /** Also of the console and the probes. */
    readonly host: string;
    readonly port: number;
    readonly requestTimeoutMs: number;
    /** 0: the gateway refuses nothing for having too much to do. */
    readonly shedAboveMs: number;
    readonly bodyLimitBytes: number;
    /** Streams of events: of one gateway process, and of one user there. */
    readonly events: { readonly maxStreams: number; readonly maxPerUser: number };
    readonly corsOrigins: readonly string[];
    /** Addresses and networks, such as `10.0.0.0/8`. */
    readonly trustedProxies: readonly string[];
    /** Paths of PEM files; undefined: plain HTTP. */
    readonly tls: { readonly cert: string; readonly key: string } | undefined;
  };
  readonly console: {
    readonly port: number;
    /** Undefined: one is made up at the start. */
    readonly users: Values['CONSOLE_USERS'];
  };
  /** Where gRPC servers listen. Without encryption it is the loopback, or was asked for by GRPC_INSECURE. */
  readonly grpcHost: string;
  /** How many processes of their own the gateway gets; 0: none. */
  readonly gatewayProcesses: Values['GATEWAY_PROCESSES'];
  /** Paths of PEM files; undefined: gRPC without encryption. */
  readonly grpcTls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  /** `perSecond` 0: off. */
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  readonly jwt: {
    /** With it no secret counts. */
    readonly jwksUrl: string | undefined;
    readonly secret: string;
    readonly previousSecrets: readonly string[];
    readonly issuer: string;
  };
  readonly grpcPorts: Readonly<Record<ServiceName, number>>;
  /** `localhost` and the service's own port unless given. A service in the same process on port 0 is found by what it listens on. */
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** The services whose address was given: they run elsewhere. */
  readonly givenAddresses: ReadonlySet<ServiceName>;
  readonly payment: {
    readonly successRate: number;
    readonly delayMs: Range;
    readonly seed: number | undefined;
    /** Whether the payment methods count that force an outcome. */
    readonly forcingMethods: boolean;
  };
  readonly checkout: {
    readonly reserveTimeoutMs: number;
    readonly chargeTimeoutMs: number;
    readonly reservationTtlMs: number;
    readonly recoveryPollMs: number;
    readonly retentionMs: number;
    /** What the checkouts of one user may hold at once. */
    readonly perUser: { readonly maxCheckouts: number; readonly maxUnits: number };
  };
  /** Undefined: nothing is traced. */
  readonly tracing: TracingConfig | undefined;
  readonly outbox: { readonly pollMs: number };
  readonly actors: { readonly shards: number; readonly idleMs: number; readonly mailboxLimit: number };
}

export interface TracingConfig {
  readonly endpoint: string;
  readonly protocol: Values['OTEL_EXPORTER_OTLP_PROTOCOL'];
  readonly serviceName: string;
  readonly sampler: Values['OTEL_TRACES_SAMPLER'];
  /** Of the traces, where the sampler goes by a ratio. */
  readonly ratio: number;
  readonly maxQueuedSpans: number;
  readonly gatherMs: number;
}

export interface KafkaConfig {
  readonly brokers: readonly string[];
  /** `ca`: path of a PEM file; undefined: those of Node. Undefined as a whole: no encryption. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly sasl:
    | {
        readonly mechanism: NonNullable<Values['KAFKA_SASL_MECHANISM']>;
        readonly username: string;
        readonly password: string;
      }
    | undefined;
}

/** Known to everyone who reads this file: good for trying things out, refused in production. */
export const developmentSecret = 'trolley-development-secret-not-for-production';
/** Of the PostgreSQL in `docker-compose.yml`, as published as that. */
export const developmentPassword = 'trolley';

/** Puts the values of the variables where the code looks for them. */
export function toConfig(
  values: Values,
  around: { readonly searchPath: string; readonly warnings: readonly string[] },
): Config {
  const grpcPorts = {
    product: values.PRODUCT_PORT,
    cart: values.CART_PORT,
    inventory: values.INVENTORY_PORT,
    payment: values.PAYMENT_PORT,
    orders: values.ORDERS_PORT,
    checkout: values.CHECKOUT_PORT,
  };
  const given = {
    product: values.PRODUCT_SERVICE_ADDR,
    cart: values.CART_SERVICE_ADDR,
    inventory: values.INVENTORY_SERVICE_ADDR,
    payment: values.PAYMENT_SERVICE_ADDR,
    orders: values.ORDERS_SERVICE_ADDR,
    checkout: values.CHECKOUT_SERVICE_ADDR,
  };
  const grpcTls = allGiven({ ca: values.GRPC_TLS_CA, cert: values.GRPC_TLS_CERT, key: values.GRPC_TLS_KEY });
  const addressOf = (service: ServiceName) => given[service] ?? `localhost:${grpcPorts[service]}`;
  const services = Object.keys(given) as ServiceName[];
  return {
    mode: values.NODE_ENV,
    roles: values.ROLES,
    logLevel: values.LOG_LEVEL,
    healthPort: values.HEALTH_PORT,
    dataDir: values.DATA_DIR,
    ...around,
    redis: {
      url: values.REDIS_URL,
      tls: { ca: values.REDIS_TLS_CA, cert: values.REDIS_TLS_CERT, key: values.REDIS_TLS_KEY },
    },
    postgres: {
      url: values.POSTGRES_URL,
      poolMax: values.POSTGRES_POOL_MAX,
      statementTimeoutMs: values.POSTGRES_STATEMENT_TIMEOUT_MS,
    },
    mongo: { uri: values.MONGODB_URI },
    kafka: kafkaOf(values),
    seedStock: values.SEED_STOCK,
    http: {
      host: values.HTTP_HOST ?? (values.NODE_ENV === 'development' ? '127.0.0.1' : '0.0.0.0'),
      port: values.HTTP_PORT,
      requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
      shedAboveMs: values.SHED_ABOVE_MS,
      bodyLimitBytes: values.BODY_LIMIT,
      events: { maxStreams: values.MAX_EVENT_STREAMS, maxPerUser: values.MAX_EVENT_STREAMS_PER_USER },
      corsOrigins: values.CORS_ORIGINS,
      trustedProxies: values.TRUSTED_PROXIES,
      tls: allGiven({ cert: values.TLS_CERT, key: values.TLS_KEY }),
    },
    console: { port: values.CONSOLE_PORT, users: values.CONSOLE_USERS },
    gatewayProcesses: values.GATEWAY_PROCESSES,
    grpcHost: values.GRPC_HOST ?? (grpcTls === undefined ? '127.0.0.1' : '0.0.0.0'),
    grpcTls,
    rateLimit: { perSecond: values.RATE_LIMIT_RPS, burst: values.RATE_LIMIT_BURST },
    jwt: {
      jwksUrl: values.JWT_JWKS_URL,
      secret: values.JWT_SECRET ?? developmentSecret,
      previousSecrets: values.JWT_SECRETS_PREVIOUS,
      issuer: values.JWT_ISSUER,
    },
    grpcPorts,
    addresses: {
      product: addressOf('product'),
      cart: addressOf('cart'),
      inventory: addressOf('inventory'),
      payment: addressOf('payment'),
      orders: addressOf('orders'),
      checkout: addressOf('checkout'),
    },
    givenAddresses: new Set(services.filter((service) => given[service] !== undefined)),
    payment: {
      successRate: values.PAYMENT_SUCCESS_RATE,
      delayMs: values.PAYMENT_DELAY_MS,
      seed: values.PAYMENT_SEED,
      forcingMethods: values.NODE_ENV === 'development',
    },
    checkout: {
      reserveTimeoutMs: values.RESERVE_TIMEOUT_MS,
      chargeTimeoutMs: values.CHARGE_TIMEOUT_MS,
      reservationTtlMs: values.RESERVATION_TTL_MS,
      recoveryPollMs: values.RECOVERY_POLL_MS,
      retentionMs: values.SESSION_RETENTION_DAYS * 86_400_000,
      perUser: { maxCheckouts: values.MAX_OPEN_CHECKOUTS, maxUnits: values.MAX_RESERVED_UNITS },
    },
    tracing: tracingOf(values),
    outbox: { pollMs: values.OUTBOX_POLL_MS },
    actors: {
      shards: values.ACTOR_SHARDS,
      idleMs: values.ACTOR_IDLE_MS,
      mailboxLimit: values.MAILBOX_LIMIT,
    },
  };
}

function tracingOf(values: Values): TracingConfig | undefined {
  if (values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return undefined;
  return {
    endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    protocol: values.OTEL_EXPORTER_OTLP_PROTOCOL,
    serviceName: values.OTEL_SERVICE_NAME,
    sampler: values.OTEL_TRACES_SAMPLER,
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
    maxQueuedSpans: values.OTEL_BSP_MAX_QUEUE_SIZE,
    gatherMs: values.OTEL_BSP_SCHEDULE_DELAY,
  };
}

function kafkaOf(values: Values): KafkaConfig | undefined {
  if (values.KAFKA_BROKERS === undefined) return undefined;
  const mechanism = values.KAFKA_SASL_MECHANISM;
  const user = allGiven({ username: values.KAFKA_SASL_USERNAME, password: values.KAFKA_SASL_PASSWORD });
  return {
    brokers: values.KAFKA_BROKERS,
    tls: values.KAFKA_SSL ? { ca: values.KAFKA_SSL_CA } : undefined,
    sasl: mechanism === undefined || user === undefined ? undefined : { mechanism, ...user },
  };
}

/** Settings that go together: parseConfig has seen to it that either all of them are there or none. */
function allGiven<N extends string>(
  given: Readonly<Record<N, string | undefined>>,
): Readonly<Record<N, string>> | undefined {
  const isWhole = (all: typeof given): all is Readonly<Record<N, string>> =>
    Object.values(all).every((each) => each !== undefined);
  return isWhole(given) ? given : undefined;
}
