import { config } from 'chai';
import type { Runner, Suite } from 'mocha';
import { createTemplateDatabase, type TemplateDatabase } from './template-database.ts';
import { provideMongo, providePostgres, provideRedis, type TestServer } from './test-servers.ts';

/*
 * Root hooks of every test run: one server of each kind for all suites, started only when a loaded file's name
 * says that it needs it. An address given in TEST_REDIS_URL, TEST_POSTGRES_URL or TEST_MONGODB_URI is used as it
 * is.
 */

// What was found is said whole.
config.truncateThreshold = 0;

const needsServers = /\.int\.test\.ts$|\/ops\/e2e\//;
const needsMongo = /\.mongo\.int\.test\.ts$/;

const servers: TestServer[] = [];
let template: TemplateDatabase | undefined;

export async function mochaGlobalSetup(this: Runner): Promise<void> {
  const files = [...filesOf(this.suite)];
  if (!files.some((file) => needsServers.test(file))) return;
  const { TEST_REDIS_URL, TEST_POSTGRES_URL, TEST_MONGODB_URI } = process.env;
  const [redis, postgres, mongo] = await Promise.all([
    provideRedis(TEST_REDIS_URL).then(remember),
    providePostgres(TEST_POSTGRES_URL).then(remember),
    files.some((file) => needsMongo.test(file)) ? provideMongo(TEST_MONGODB_URI).then(remember) : undefined,
  ]);
  process.env['TEST_REDIS_URL'] = redis.url;
  process.env['TEST_POSTGRES_URL'] = postgres.url;
  if (mongo !== undefined) process.env['TEST_MONGODB_URI'] = mongo.url;
  try {
    const { runMigrations } = await import('../../migrations/run-migrations.ts');
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

function remember(server: TestServer): TestServer {
  servers.push(server);
  return server;
}

function* filesOf(suite: Suite): Generator<string> {
  for (const { file } of [suite, ...suite.tests]) if (file !== undefined) yield file;
  for (const child of suite.suites) yield* filesOf(child);
}
