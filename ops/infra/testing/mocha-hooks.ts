import { config } from 'chai';
import type { Runner, Suite } from 'mocha';
import { createTemplateDatabase, type TemplateDatabase } from './template-database.ts';
import { providePostgres, provideRedis, type TestServer } from './test-servers.ts';

/*
 * Root hooks of every test run: one Redis and one PostgreSQL for all suites, started only when a loaded
 * file's name says that it needs them. An address given in TEST_REDIS_URL or TEST_POSTGRES_URL is used as
 * it is.
 */

// What was found is said whole.
config.truncateThreshold = 0;

const needsServers = /\.int\.test\.ts$|\/ops\/e2e\//;

const servers: TestServer[] = [];
let template: TemplateDatabase | undefined;

export async function mochaGlobalSetup(this: Runner): Promise<void> {
  if (![...filesOf(this.suite)].some((file) => needsServers.test(file))) return;
  const { TEST_REDIS_URL, TEST_POSTGRES_URL } = process.env;
  const [redis, postgres] = await Promise.all([
    provideRedis(TEST_REDIS_URL).then(remember),
    providePostgres(TEST_POSTGRES_URL).then(remember),
  ]);
  process.env['TEST_REDIS_URL'] = redis.url;
  process.env['TEST_POSTGRES_URL'] = postgres.url;
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
