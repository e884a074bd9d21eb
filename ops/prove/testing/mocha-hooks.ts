import { config } from 'chai';
import fc from 'fast-check';
import type { RootHookObject, Runner, Suite } from 'mocha';
import { shopBackends } from './shop-backends.ts';
import { stopShopKafkas } from './shop-kafkas.ts';
import { createTemplateDatabase, type TemplateDatabase } from './template-database.ts';
import { endInOrder, goOn } from './test-processes.ts';
import {
  provideKafka,
  provideMongo,
  providePostgres,
  provideRedis,
  provideRedisCluster,
} from './test-servers.ts';
import type { TestServer } from './test-server.ts';
import { expectAllDocumented } from './undocumented-answers.ts';

/*
 * Root hooks of every test run: one server of each kind for all suites, started only when a loaded file's name
 * says that it needs it; with `--parallel`, where this process loads no file, all of them. An address given in TEST_REDIS_URL, TEST_REDIS_CLUSTER_URL, TEST_POSTGRES_URL,
 * TEST_MONGODB_URI or TEST_KAFKA_BROKERS is used as it is.
 */

// What was found is said whole.
config.truncateThreshold = 0;
fc.configureGlobal({ includeErrorInReport: true });

const needsServers = /\.int\.test\.ts$|\/ops\/prove\/e2e\//;
const needsRedisCluster = /\.cluster\.int\.test\.ts$/;
const needsMongo = /\.mongo\.int\.test\.ts$/;
const needsKafka = /\.kafka\.int\.test\.ts$/;

const servers: TestServer[] = [];
let template: TemplateDatabase | undefined;

export async function mochaGlobalSetup(this: Runner): Promise<void> {
  endInOrder(this);
  const files = [...filesOf(this.suite)];
  const inProcesses = files.length === 0;
  const needs = (pattern: RegExp) => inProcesses || files.some((file) => pattern.test(file));
  if (!needs(needsServers)) return;
  const { TEST_REDIS_URL, TEST_POSTGRES_URL, TEST_MONGODB_URI, TEST_KAFKA_BROKERS } = process.env;
  const { TEST_REDIS_CLUSTER_URL } = process.env;
  const [redis, postgres, redisCluster, mongo, kafka] = await Promise.all([
    provideRedis(TEST_REDIS_URL).then(remember),
    providePostgres(TEST_POSTGRES_URL).then(remember),
    needs(needsRedisCluster) ? provideRedisCluster(TEST_REDIS_CLUSTER_URL).then(remember) : undefined,
    needs(needsMongo) || shopBackends.has('mongodb')
      ? provideMongo(TEST_MONGODB_URI).then(remember)
      : undefined,
    needs(needsKafka) ? provideKafka(TEST_KAFKA_BROKERS).then(remember) : undefined,
  ]);
  process.env['TEST_REDIS_URL'] = redis.url;
  process.env['TEST_POSTGRES_URL'] = postgres.url;
  if (redisCluster !== undefined) process.env['TEST_REDIS_CLUSTER_URL'] = redisCluster.url;
  if (mongo !== undefined) process.env['TEST_MONGODB_URI'] = mongo.url;
  if (kafka !== undefined) process.env['TEST_KAFKA_BROKERS'] = kafka.url;
  try {
    const { runMigrations } = await import('../../shop/migrations/run-migrations.ts');
    template = await createTemplateDatabase(postgres.url, runMigrations);
    process.env['TEST_POSTGRES_TEMPLATE'] = template.name;
  } catch (error) {
    // Told by whoever opens a database: a broken migration must not hide what the other tests say.
    process.env['TEST_POSTGRES_PROBLEM'] = error instanceof Error ? error.message : String(error);
  }
}

export async function mochaGlobalTeardown(): Promise<void> {
  await template?.drop();
  await Promise.all(servers.map((server) => server.stop()));
}

/** In every process that runs tests. */
export const mochaHooks: RootHookObject = {
  beforeAll: goOn,
  beforeEach: goOn,
  afterEach: expectAllDocumented,
  afterAll: stopShopKafkas,
};

function remember(server: TestServer): TestServer {
  servers.push(server);
  return server;
}

function* filesOf(suite: Suite): Generator<string> {
  for (const { file } of [suite, ...suite.tests]) if (file !== undefined) yield file;
  for (const child of suite.suites) yield* filesOf(child);
}
