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

  function process(shared = false): { lifecycle: Lifecycle; start: () => Promise<void> } {
    const lifecycle = createLifecycle({ progress: createProgress({ write: () => true }), log: silentLogger });
    lifecycles.push(lifecycle);
    const options = {
      postgresUrl: database.url,
      lockId: 4711,
      refusal: 'There is another.',
      shared,
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

  it('refuses to start beside another', async () => {
    await process().start();
    const error = await process()
      .start()
      .catch((refused: unknown) => refused);
    expect(String(error)).to.include('There is another.');
  });

  it('stands beside others when all of them share, and not beside one that does not', async () => {
    await process(true).start();
    await process(true).start();
    const alone = await process()
      .start()
      .catch((refused: unknown) => refused);
    expect(String(alone)).to.include('There is another.');
    for (const lifecycle of lifecycles.splice(0)) await lifecycle.stop();
    await process().start();
    const shared = await process(true)
      .start()
      .catch((refused: unknown) => refused);
    expect(String(shared)).to.include('There is another.');
  });

  it('stops when another has taken its place meanwhile', async () => {
    const one = process();
    await one.start();
    const [other, admin] = [0, 1].map(() => new pg.Client({ connectionString: database.url }));
    await Promise.all([other?.connect(), admin?.connect()]);
    // It waits in line, so it has the lock before anyone who has to come back.
    const taken = other?.query('SELECT pg_advisory_lock(4711)');
    await admin?.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted`,
    );
    await taken;
    expect(String(await one.lifecycle.failure)).to.include('There is another.');
    await Promise.all([other?.end(), admin?.end()]);
  });
});
