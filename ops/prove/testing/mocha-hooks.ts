import { config } from 'chai';
import type { Runner, Suite } from 'mocha';
import { echoMs, takeSignals } from '../../shop/process/ending.mjs';
import { shopBackends } from './shop-backends.ts';
import { stopShopKafkas } from './shop-kafkas.ts';
import { createTemplateDatabase, type TemplateDatabase } from './template-database.ts';
import {
  provideKafka,
  provideMongo,
  providePostgres,
  provideRedis,
  provideRedisCluster,
} from './test-servers.ts';
import type { TestServer } from './test-server.ts';

/*
 * Root hooks of every test run: one server of each kind for all suites, started only when a loaded file's name
 * says that it needs it. An address given in TEST_REDIS_URL, TEST_REDIS_CLUSTER_URL, TEST_POSTGRES_URL,
 * TEST_MONGODB_URI or TEST_KAFKA_BROKERS is used as it is.
 */

// What was found is said whole.
config.truncateThreshold = 0;

const needsServers = /\.int\.test\.ts$|\/ops\/prove\/e2e\//;
const needsRedisCluster = /\.cluster\.int\.test\.ts$/;
const needsMongo = /\.mongo\.int\.test\.ts$/;
const needsKafka = /\.kafka\.int\.test\.ts$/;

const servers: TestServer[] = [];
let template: TemplateDatabase | undefined;

export async function mochaGlobalSetup(this: Runner): Promise<void> {
  endInOrder(this);
  const files = [...filesOf(this.suite)];
  const needs = (pattern: RegExp) => files.some((file) => pattern.test(file));
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
  await Promise.all([stopShopKafkas(), ...servers.map((server) => server.stop())]);
}

/** The test under way is the last one on a signal, then the servers stop; a second signal ends the run at once. */
function endInOrder(runner: Runner): void {
  let firstAt: number | undefined;
  takeSignals((name) => {
    if (firstAt !== undefined && performance.now() - firstAt > echoMs) process.exit(1);
    if (firstAt !== undefined) return;
    firstAt = performance.now();
    process.stderr.write(`Stopping on ${name} after the test under way.\n`);
    runner.abort();
    process.once('exit', () => (process.exitCode = 1));
  });
}

function remember(server: TestServer): TestServer {
  servers.push(server);
  return server;
}

function* filesOf(suite: Suite): Generator<string> {
  for (const { file } of [suite, ...suite.tests]) if (file !== undefined) yield file;
  for (const child of suite.suites) yield* filesOf(child);
}
