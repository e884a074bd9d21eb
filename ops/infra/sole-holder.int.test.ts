import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '../../runtime/observe/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../runtime/testing/test-servers.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createProgress } from './progress.ts';
import { startSoleHolder } from './sole-holder.ts';

describe('the only process of its kind', () => {
  let database: TestDatabase;
  const lifecycles: Lifecycle[] = [];

  before(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    for (const lifecycle of lifecycles.splice(0)) await lifecycle.stop();
  });
  after(() => database.drop());

  function process(): { lifecycle: Lifecycle; start: () => Promise<void> } {
    const lifecycle = createLifecycle({ progress: createProgress({ write: () => true }), log: silentLogger });
    lifecycles.push(lifecycle);
    const options = {
      postgresUrl: database.url,
      lockId: 4711,
      refusal: 'There is another.',
      patienceMs: 1_000,
      logger: silentLogger,
    };
    return { lifecycle, start: () => startSoleHolder(lifecycle, options) };
  }

  it('waits for its predecessor to go', async () => {
    const [one, two] = [process(), process()];
    await one.start();
    const second = two.start();
    await one.lifecycle.stop();
    await second;
  });

  it('takes the lock again when its connection is lost', async () => {
    const one = process();
    await one.start();
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    const holder = () =>
      admin.query<{ pid: number }>(
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND database =
           (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
    const before = (await holder()).rows[0]?.pid;
    await admin.query('SELECT pg_terminate_backend($1)', [before]);
    let after: number | undefined;
    while (after === undefined || after === before) after = (await holder()).rows[0]?.pid;
    await admin.end();
  });

  it('stops when another has taken its place meanwhile', async () => {
    const [one, two] = [process(), process()];
    await one.start();
    const second = two.start();
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711`,
    );
    await admin.end();
    // Whoever comes second is refused: at its start, or after the fact.
    const outcome = await Promise.race([
      second.then(() => one.lifecycle.failure),
      second.then(() => new Promise(() => undefined)).catch((error: unknown) => error),
    ]);
    expect(String(outcome)).to.include('There is another.');
  });
});
