import { expect } from 'chai';
import { developmentSecret } from './config.ts';
import { describeConfig } from './describe-config.ts';
import { ConfigError, parseConfig, type Environment } from './parse-config.ts';
import { roles } from './roles.ts';

function problemsOf(env: Environment): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

const longSecret = 'x'.repeat(32);
const kafkaUser = {
  KAFKA_BROKERS: 'kafka-1:9092',
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  KAFKA_SASL_USERNAME: 'trolley',
  KAFKA_SASL_PASSWORD: 'a-very-secret-thing-a-very-secret-thing',
};

describe('parseConfig', () => {
  it('has a default for everything', () => {
    const config = parseConfig({});
    expect([...config.roles]).to.deep.equal([...roles]);
    expect(config.http).to.deep.equal({
      host: '127.0.0.1',
      port: 8080,
      requestTimeoutMs: 30_000,
      shedAboveMs: 200,
      bodyLimitBytes: 1_048_576,
      events: { maxStreams: 2000, maxPerUser: 8 },
      corsOrigins: [],
      trustedProxies: [],
      tls: undefined,
    });
    expect(config.grpcTls).to.equal(undefined);
    expect(config.grpcHost).to.equal('127.0.0.1');
    expect(config.redis.url).to.equal(undefined);
    expect(config.payment).to.deep.equal({
      successRate: 0.95,
      delayMs: { min: 1000, max: 2000 },
      seed: undefined,
      forcingMethods: true,
    });
    expect(config.addresses.product).to.equal('localhost:50051');
    expect(config.warnings).to.deep.equal([]);
  });

  it('listens on the loopback in development, else everywhere, unless told', () => {
    const hostOf = (env: Environment) => parseConfig({ JWT_SECRET: longSecret, ...env }).http.host;
    expect(hostOf({ NODE_ENV: 'development' })).to.equal('127.0.0.1');
    expect(hostOf({ NODE_ENV: 'production' })).to.equal('0.0.0.0');
    expect(hostOf({ ROLES: 'node', NODE_ENV: 'production' })).to.equal('0.0.0.0');
    for (const host of ['0.0.0.0', '::1', 'localhost']) expect(hostOf({ HTTP_HOST: host })).to.equal(host);
    for (const host of ['localhost:80', '0.0.0', 'a b']) {
      expect(problemsOf({ HTTP_HOST: host })).to.deep.equal([
        `HTTP_HOST: got "${host}", wanted an address to listen on, such as 127.0.0.1 or 0.0.0.0`,
      ]);
    }
  });

  it('takes trusted proxies as addresses and networks, and names what is neither', () => {
    const { http } = parseConfig({ TRUSTED_PROXIES: '10.0.0.7, fd00::/8' });
    expect(http.trustedProxies).to.deep.equal(['10.0.0.7', 'fd00::/8']);
    expect(problemsOf({ TRUSTED_PROXIES: '10.0.0.7,proxy' })).to.deep.equal([
      'TRUSTED_PROXIES: got "10.0.0.7,proxy", wanted a comma list of addresses or networks such as ' +
        '10.0.0.7,192.168.0.0/16,fd00::/8',
    ]);
  });

  it('takes previous secrets, in production by the rule of the secret, and shows none', () => {
    const previous = ['y'.repeat(32), 'z'.repeat(32)];
    const env = { NODE_ENV: 'production', JWT_SECRET: longSecret, JWT_SECRETS_PREVIOUS: previous.join(', ') };
    const config = parseConfig(env);
    expect(config.jwt.previousSecrets).to.deep.equal(previous);
    expect(JSON.stringify(describeConfig(config))).not.to.match(/yyy|zzz/);
    const [problem = '', ...others] = problemsOf({ ...env, JWT_SECRETS_PREVIOUS: `${longSecret},too short` });
    expect(others).to.deep.equal([]);
    expect(problem).to.match(
      /^JWT_SECRETS_PREVIOUS: got 9 bytes \(hidden\), wanted a secret of at least 32 bytes/,
    );
  });

  it('takes a blank value as not set', () => {
    expect(parseConfig({ HTTP_PORT: '', REDIS_URL: ' ' }).http.port).to.equal(8080);
  });

  it('reads what is given', () => {
    const config = parseConfig({
      ROLES: 'gateway, product',
      HTTP_PORT: '0',
      BODY_LIMIT: '512KB',
      CORS_ORIGINS: 'https://a.example, http://localhost:3000',
      REDIS_URL: 'rediss://user:pw@cache:6380/1',
      PRODUCT_PORT: '6001',
      INVENTORY_SERVICE_ADDR: 'stock:7001',
    });
    expect([...config.roles]).to.deep.equal(['gateway', 'product']);
    expect(config.http.port).to.equal(0);
    expect(config.http.bodyLimitBytes).to.equal(524_288);
    expect(config.http.corsOrigins).to.deep.equal(['https://a.example', 'http://localhost:3000']);
    expect(config.redis.url).to.equal('rediss://user:pw@cache:6380/1');
    expect(config.addresses.product).to.equal('localhost:6001');
    expect(config.addresses.inventory).to.equal('stock:7001');
    expect([...config.givenAddresses]).to.deep.equal(['inventory']);
  });

  it('takes certificate files, those of the gateway only where there is one', () => {
    const files = { TLS_CERT: 'a.crt', TLS_KEY: 'a.key' };
    expect(parseConfig(files).http.tls).to.deep.equal({ cert: 'a.crt', key: 'a.key' });
    expect(parseConfig({ ROLES: 'payment', TLS_CERT: 'a.crt' }).http.tls).to.equal(undefined);
    const grpc = { GRPC_TLS_CA: 'ca', GRPC_TLS_CERT: 'c', GRPC_TLS_KEY: 'k' };
    expect(parseConfig({ ROLES: 'payment', ...grpc }).grpcTls).to.deep.equal({
      ca: 'ca',
      cert: 'c',
      key: 'k',
    });
  });

  it('listens for gRPC on the loopback, unless callers have certificates or nobody minds', () => {
    const grpc = { GRPC_TLS_CA: 'ca', GRPC_TLS_CERT: 'c', GRPC_TLS_KEY: 'k' };
    expect(parseConfig({ NODE_ENV: 'production', JWT_SECRET: longSecret }).grpcHost).to.equal('127.0.0.1');
    expect(parseConfig(grpc).grpcHost).to.equal('0.0.0.0');
    expect(parseConfig({ ...grpc, GRPC_HOST: '10.0.0.5' }).grpcHost).to.equal('10.0.0.5');
    expect(parseConfig({ GRPC_HOST: '0.0.0.0', GRPC_INSECURE: 'true' }).grpcHost).to.equal('0.0.0.0');
    for (const host of ['localhost', '127.9.9.9', '::1'])
      expect(parseConfig({ GRPC_HOST: host }).grpcHost).to.equal(host);
    // A gateway listens for none.
    expect(parseConfig({ ROLES: 'gateway', GRPC_HOST: '0.0.0.0' }).grpcHost).to.equal('127.0.0.1');
  });

  it('takes Kafka for the event log, where there is one', () => {
    expect(parseConfig({}).kafka).to.equal(undefined);
    expect(parseConfig({ KAFKA_SSL: 'false' }).kafka).to.equal(undefined);
    expect(parseConfig({ KAFKA_BROKERS: 'one:9092, two:9093' }).kafka).to.deep.equal({
      brokers: ['one:9092', 'two:9093'],
      tls: undefined,
      sasl: undefined,
    });
    const secured = parseConfig({ ...kafkaUser, KAFKA_SSL: '1', KAFKA_SSL_CA: 'ca.pem' }).kafka;
    expect(secured?.tls).to.deep.equal({ ca: 'ca.pem' });
    expect(secured?.sasl).to.deep.equal({
      mechanism: 'scram-sha-512',
      username: 'trolley',
      password: kafkaUser.KAFKA_SASL_PASSWORD,
    });
    // A gateway does not read it.
    expect(parseConfig({ ROLES: 'gateway', KAFKA_BROKERS: 'kafka' }).kafka).to.equal(undefined);
  });

  it('reads one delay as both ends of the range', () => {
    expect(parseConfig({ PAYMENT_DELAY_MS: '0' }).payment.delayMs).to.deep.equal({ min: 0, max: 0 });
    expect(parseConfig({ PAYMENT_DELAY_MS: '5-9' }).payment.delayMs).to.deep.equal({ min: 5, max: 9 });
  });

  it('leaves the console out of everything in production, where nobody was said to use it', () => {
    const production = { NODE_ENV: 'production', JWT_SECRET: longSecret };
    const config = parseConfig(production);
    expect([...config.roles]).to.deep.equal(roles.filter((role) => role !== 'console'));
    expect(config.warnings).to.deep.equal([
      'The console is left out: CONSOLE_USERS is not set, wanted name:role:bcrypt-hash in production',
    ]);
    const hash = `$2b$12$${'a'.repeat(53)}`;
    const guarded = parseConfig({ ...production, CONSOLE_USERS: `ann:operator:${hash}` });
    expect([...guarded.roles]).to.deep.equal([...roles]);
    expect(guarded.console.users).to.deep.equal([{ name: 'ann', role: 'operator', hash }]);
    expect(JSON.stringify(describeConfig(guarded))).not.to.include(hash);
    expect(parseConfig({}).console).to.deep.equal({ port: 8090, users: undefined });
  });

  it('takes an address of MongoDB with several hosts, or with none but a name to look up', () => {
    for (const uri of [
      'mongodb://localhost',
      'mongodb://u:p%40@one:27017,two:27018/carts?replicaSet=rs&tls=true&tlsCAFile=/etc/ca.pem',
      'mongodb+srv://shop.example.com/?retryWrites=true',
    ])
      expect(parseConfig({ MONGODB_URI: uri }).mongo.uri).to.equal(uri);
  });

  const refusals: [Environment, string][] = [
    [{ ROLES: 'gateway,cook' }, 'ROLES: got "gateway,cook", wanted all, or a comma list of gateway, node'],
    [
      { ROLES: 'console', NODE_ENV: 'production' },
      'CONSOLE_USERS: is not set, wanted name:role:bcrypt-hash in production',
    ],
    [
      { CONSOLE_USERS: 'ann:admin:hunter2' },
      'CONSOLE_USERS: entry 1 (ann): wanted the role viewer or operator',
    ],
    [{ NODE_ENV: 'prod' }, 'NODE_ENV: got "prod", wanted one of development, production, test'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: got "loud", wanted one of trace'],
    [{ HTTP_PORT: 'eighty' }, 'HTTP_PORT: got "eighty", wanted a port from 0 to 65535'],
    [{ HTTP_PORT: '65536' }, 'HTTP_PORT: got "65536", wanted a port from 0 to 65535'],
    [{ CART_PORT: '-1' }, 'CART_PORT: got "-1", wanted a port'],
    [{ PAYMENT_PORT: '50051' }, 'PAYMENT_PORT: got "50051", wanted another port than that of PRODUCT_PORT'],
    [{ HTTP_PORT: '50056' }, 'HTTP_PORT: got "50056", wanted another port than that of CHECKOUT_PORT'],
    [{ HEALTH_PORT: '8080' }, 'HEALTH_PORT: got "8080", wanted another port than that of HTTP_PORT'],
    ...['0.0.0.0', '::', '10.0.0.5', 'shop.internal', '::ffff:10.0.0.5'].map(
      (host): [Environment, string] => [
        { GRPC_HOST: host },
        `GRPC_HOST: got "${host}", wanted a loopback address, or GRPC_TLS_CA, GRPC_TLS_CERT and GRPC_TLS_KEY`,
      ],
    ),
    [{ GRPC_HOST: '127.0.0.256' }, 'GRPC_HOST: got "127.0.0.256", wanted an address to listen on'],
    [{ GRPC_HOST: 'http://x' }, 'GRPC_HOST: got "http://x", wanted an address to listen on'],
    [{ GRPC_INSECURE: 'yes' }, 'GRPC_INSECURE: got "yes", wanted true or false'],
    [{ PRODUCT_SERVICE_ADDR: 'http://x' }, 'PRODUCT_SERVICE_ADDR: got "http://x", wanted an address'],
    [{ CART_SERVICE_ADDR: 'host:99999' }, 'CART_SERVICE_ADDR: got "host:99999", wanted an address'],
    [
      { REDIS_URL: 'http://x' },
      'REDIS_URL: got (hidden), wanted a URL such as redis://host:6379, redis+sentinel://',
    ],
    [{ REDIS_URL: 'redis+sentinel://a' }, 'REDIS_URL: got (hidden), wanted a URL such as redis://host:6379'],
    [
      { REDIS_URL: 'redis://a', REDIS_TLS_CA: 'ca.pem' },
      'REDIS_TLS_CA: is set, wanted together with a REDIS_URL of rediss…',
    ],
    [
      { REDIS_URL: 'rediss://a', REDIS_TLS_KEY: 'k.pem' },
      'REDIS_TLS_CERT: is not set, wanted together with REDIS_TLS_KEY',
    ],
    [{ POSTGRES_URL: 'localhost' }, 'POSTGRES_URL: got (hidden), wanted a URL that begins with postgres://'],
    [{ POSTGRES_POOL_MAX: '0' }, 'POSTGRES_POOL_MAX: got "0", wanted a whole number from 1'],
    [{ POSTGRES_STATEMENT_TIMEOUT_MS: '5' }, 'POSTGRES_STATEMENT_TIMEOUT_MS: got "5", wanted milliseconds'],
    [{ SEED_STOCK: 'many' }, 'SEED_STOCK: got "many", wanted a whole number from 0'],
    [{ REQUEST_TIMEOUT_MS: '0' }, 'REQUEST_TIMEOUT_MS: got "0", wanted milliseconds from 1'],
    [{ BODY_LIMIT: '1gb' }, 'BODY_LIMIT: got "1gb", wanted a size such as'],
    [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS: got "*", wanted a comma list of origins'],
    [{ RATE_LIMIT_RPS: '1.5' }, 'RATE_LIMIT_RPS: got "1.5", wanted a whole number from 0'],
    [{ RATE_LIMIT_BURST: '0' }, 'RATE_LIMIT_BURST: got "0", wanted a whole number from 1'],
    [{ PAYMENT_SUCCESS_RATE: '95%' }, 'PAYMENT_SUCCESS_RATE: got "95%", wanted a number from 0 to 1'],
    [{ PAYMENT_SUCCESS_RATE: '1.01' }, 'PAYMENT_SUCCESS_RATE: got "1.01", wanted a number from 0 to 1'],
    [{ PAYMENT_DELAY_MS: '2000-1000' }, 'PAYMENT_DELAY_MS: got "2000-1000", wanted milliseconds'],
    [{ PAYMENT_SEED: 'x' }, 'PAYMENT_SEED: got "x", wanted a whole number'],
    [{ RESERVE_TIMEOUT_MS: 'x' }, 'RESERVE_TIMEOUT_MS: got "x", wanted milliseconds'],
    [{ CHARGE_TIMEOUT_MS: 'x' }, 'CHARGE_TIMEOUT_MS: got "x", wanted milliseconds'],
    [{ RESERVATION_TTL_MS: 'x' }, 'RESERVATION_TTL_MS: got "x", wanted milliseconds'],
    [{ OUTBOX_POLL_MS: '1' }, 'OUTBOX_POLL_MS: got "1", wanted milliseconds from 10'],
    [{ RECOVERY_POLL_MS: '1' }, 'RECOVERY_POLL_MS: got "1", wanted milliseconds from 10'],
    [{ ACTOR_SHARDS: '0' }, 'ACTOR_SHARDS: got "0", wanted a whole number from 1'],
    [{ ACTOR_IDLE_MS: 'x' }, 'ACTOR_IDLE_MS: got "x", wanted milliseconds'],
    [{ MAILBOX_LIMIT: '0' }, 'MAILBOX_LIMIT: got "0", wanted a whole number from 1'],
    [{ MONGODB_URI: 'http://x' }, 'MONGODB_URI: got (hidden), wanted a URL that begins with mongodb://'],
    [{ MONGODB_URI: 'mongodb://' }, 'MONGODB_URI: got (hidden), wanted a URL that begins with mongodb://'],
    [{ KAFKA_BROKERS: 'kafka' }, 'KAFKA_BROKERS: got "kafka", wanted a comma list of addresses such as'],
    [{ KAFKA_BROKERS: 'k:9092,[::1]:9092' }, 'KAFKA_BROKERS: got "k:9092,[::1]:9092", wanted a comma list'],
    [{ KAFKA_BROKERS: 'k:99999' }, 'KAFKA_BROKERS: got "k:99999", wanted a comma list'],
    [{ KAFKA_SSL: 'true' }, 'KAFKA_SSL: is set, wanted together with KAFKA_BROKERS'],
    [{ KAFKA_BROKERS: 'k:1', KAFKA_SSL: 'yes' }, 'KAFKA_SSL: got "yes", wanted true or false'],
    [
      { KAFKA_BROKERS: 'k:1', KAFKA_SSL_CA: 'ca.pem' },
      'KAFKA_SSL_CA: is set, wanted together with KAFKA_SSL=true',
    ],
    [
      { ...kafkaUser, KAFKA_SASL_MECHANISM: 'GSSAPI' },
      'KAFKA_SASL_MECHANISM: got "GSSAPI", wanted one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512',
    ],
    [
      { ...kafkaUser, KAFKA_SASL_PASSWORD: '' },
      'KAFKA_SASL_PASSWORD: is not set, wanted together with KAFKA_SASL_MECHANISM and KAFKA_SASL_USERNAME',
    ],
    [{ ...kafkaUser, KAFKA_BROKERS: '' }, 'KAFKA_SASL_MECHANISM: is set, wanted together with KAFKA_BROKERS'],
    [{ TLS_CERT: 'c.pem' }, 'TLS_KEY: is not set, wanted together with TLS_CERT'],
    [
      { GRPC_TLS_CA: 'ca.pem', GRPC_TLS_KEY: 'k.pem' },
      'GRPC_TLS_CERT: is not set, wanted together with GRPC_TLS_CA and GRPC_TLS_KEY',
    ],
    ...['http://keys.example/jwks', 'https://user:pw@x', 'ftp://x', 'x'].map((url): [Environment, string] => [
      { JWT_JWKS_URL: url },
      `JWT_JWKS_URL: got "${url}", wanted a URL that begins with https://`,
    ]),
    [
      { NODE_ENV: 'production', JWT_JWKS_URL: 'http://127.0.0.1:9/jwks' },
      'JWT_JWKS_URL: got http, wanted https in production',
    ],
    [{ NODE_ENV: 'production' }, 'JWT_SECRET: is not set, wanted a secret of at least 32 bytes'],
    [
      { NODE_ENV: 'production', JWT_SECRET: developmentSecret },
      'JWT_SECRET: got the published one of development, wanted a secret',
    ],
    [
      { NODE_ENV: 'production', JWT_SECRET: longSecret, JWT_SECRETS_PREVIOUS: developmentSecret },
      'JWT_SECRETS_PREVIOUS: got the published one of development, wanted a secret',
    ],
    ...[
      'postgres://trolley:trolley@db/trolley',
      'postgresql://shop:troll%65y@db:5432/shop?schema=a',
      'postgres://db/shop?user=shop&password=trolley',
    ].map((POSTGRES_URL): [Record<string, string>, string] => [
      { NODE_ENV: 'production', ROLES: 'relay', POSTGRES_URL },
      'POSTGRES_URL: got the published password of docker-compose.yml, wanted one of your own in production',
    ]),
    [
      { NODE_ENV: 'production', ROLES: 'node', MONGODB_URI: 'mongodb://u:trolley@one,two/shop' },
      'MONGODB_URI: got the published password of docker-compose.yml, wanted one',
    ],
    [{ NODE_ENV: 'production', JWT_SECRET: 'short' }, 'JWT_SECRET: got 5 bytes (hidden), wanted a secret'],
  ];
  for (const [env, line] of refusals) {
    it(`refuses ${JSON.stringify(env)} in one line`, () => {
      const lines = problemsOf(env);
      expect(lines, JSON.stringify(lines)).to.have.length(1);
      expect(lines[0]?.startsWith(line), lines[0]).to.equal(true);
      expect(lines[0]).not.to.include('\n');
    });
  }

  it('tells everything that is wrong at once', () => {
    const lines = problemsOf({ HTTP_PORT: 'x', NODE_ENV: 'production', MONGODB_URI: 'y', ACTOR_SHARDS: 'z' });
    expect(lines.map((line) => line.split(':')[0])).to.have.members([
      'HTTP_PORT',
      'JWT_SECRET',
      'MONGODB_URI',
      'ACTOR_SHARDS',
    ]);
  });

  it('looks only at what its roles read', () => {
    const env = { ROLES: 'payment', NODE_ENV: 'production', HTTP_PORT: 'x', PRODUCT_PORT: '50054' };
    expect(parseConfig(env).http.port).to.equal(8080);
  });

  it('takes a password in production that is not the published one, and that one in development', () => {
    const POSTGRES_URL = 'postgres://trolley:trolley@db/trolley';
    const own = 'postgres://trolley:trolley2@trolley/trolley?application_name=trolley';
    expect(problemsOf({ NODE_ENV: 'production', ROLES: 'relay', POSTGRES_URL: own })).to.deep.equal([]);
    expect(problemsOf({ ROLES: 'relay', POSTGRES_URL })).to.deep.equal([]);
  });

  it('starts in production with a long secret', () => {
    expect(parseConfig({ NODE_ENV: 'production', JWT_SECRET: longSecret }).jwt.secret).to.equal(longSecret);
  });

  it('takes an address that no role needs, and says so', () => {
    expect(parseConfig({ ORDERS_SERVICE_ADDR: 'orders:50055' }).warnings).to.deep.equal([
      'ORDERS_SERVICE_ADDR has no effect: every role reaches carts, checkouts and orders through Redis',
    ]);
  });

  const meant: readonly (readonly [given: string, meant: string | undefined])[] = [
    ['HTTP_PROT', 'HTTP_PORT'],
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
    ['MONGODB_URL', 'MONGODB_URI'],
    ['DATADIR', 'DATA_DIR'],
    ['ROLE', 'ROLES'],
    ['log_level', 'LOG_LEVEL'],
    ['TROLLEY_HTTP_PORT', 'HTTP_PORT'],
    ['JWT_SECRTE', 'JWT_SECRET'],
    // Those of others.
    ['HTTP_PROXY', undefined],
    ['HOME', undefined],
    ['PORT', undefined],
    ['PRODUCT_SERVICE_PORT', undefined],
    ['npm_config_http_port', undefined],
    ['TEST_REDIS_URL', undefined],
  ];
  for (const [given, name] of meant) {
    it(`${name === undefined ? 'lets' : 'asks about'} ${given}`, () => {
      const lines = name === undefined ? [] : [`${given} is not read: is ${name} meant?`];
      expect(parseConfig({ [given]: 'x' }).warnings).to.deep.equal(lines);
    });
  }

  it('traces where a collector is named, by standard variables of which more are for the exporter', () => {
    expect(parseConfig({ OTEL_SERVICE_NAME: 'shop' }).tracing).to.equal(undefined);
    const { tracing, warnings } = parseConfig({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    });
    expect(warnings).to.deep.equal([]);
    expect(tracing).to.deep.equal({
      endpoint: 'http://localhost:4318',
      protocol: 'http/protobuf',
      serviceName: 'trolley',
      sampler: 'parentbased_traceidratio',
      ratio: 0.1,
      maxQueuedSpans: 2048,
      gatherMs: 5000,
    });
  });
});

describe('describeConfig', () => {
  it('shows no secret', () => {
    const hidden = 'a-very-secret-thing-a-very-secret-thing';
    const config = parseConfig({
      ...kafkaUser,
      JWT_SECRET: hidden,
      REDIS_URL: `redis://:${hidden}@cache:6379`,
      POSTGRES_URL: `postgres://u:${hidden}@db/x?sslpassword=${hidden}`,
      MONGODB_URI: `mongodb://u:${hidden}@one,two/carts?tls=true&tlsCertificateKeyFilePassword=${hidden}`,
    });
    const shown = JSON.stringify(describeConfig(config));
    expect(shown).not.to.include(hidden);
    expect(shown).to.include('cache:6379');
    expect(shown).to.include('kafka-1:9092');
    expect(shown).to.include('db/x');
    expect(shown).to.include('@one,two/carts?tls=true&');
  });
});
