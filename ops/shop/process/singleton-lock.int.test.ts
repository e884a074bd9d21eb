import { expect } from 'chai';
import pg from 'pg';
import { silentLogger } from '@trolley/runtime';
import { CuttableLine } from '@trolley/runtime/testing';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createProgress } from './progress.ts';
import { startSingletonLock, type SingletonLockOptions } from './singleton-lock.ts';

describe('the only process of its kind', () => {
  let database: TestDatabase;
  const lifecycles: Lifecycle[] = [];

  let admin: pg.Client;
  const lines: CuttableLine[] = [];

  before(async () => {
    database = await createTestDatabase();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
  });
  afterEach(async () => {
    for (const line of lines.splice(0)) line.cut();
    for (const lifecycle of lifecycles.splice(0)) await lifecycle.stop();
  });
  after(async () => {
    await admin.end();
    await database.drop();
  });

  const isHeld = `locktype = 'advisory' AND objid = 4711 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

  async function holderPid(): Promise<number | undefined> {
    const { rows } = await admin.query<{ pid: number }>(`SELECT pid FROM pg_locks WHERE ${isHeld}`);
    return rows[0]?.pid;
  }

  function process(
    shared = false,
    more: Partial<SingletonLockOptions> = {},
  ): { lifecycle: Lifecycle; start: () => Promise<void> } {
    const lifecycle = createLifecycle({ progress: createProgress({ write: () => true }), log: silentLogger });
    lifecycles.push(lifecycle);
    const options = {
      postgresUrl: database.url,
      lockId: 4711,
      refusal: 'There is another.',
      shared,
      patienceMs: 1_000,
      logger: silentLogger,
      ...more,
    };
    return { lifecycle, start: () => startSingletonLock(lifecycle, options) };
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
    const before = await holderPid();
    await admin.query('SELECT pg_terminate_backend($1)', [before]);
    let after: number | undefined;
    while (after === undefined || after === before) after = await holderPid();
  });

  /** A process that reaches PostgreSQL over a line of its own. */
  async function distant(silenceMs: number) {
    const url = new URL(database.url);
    const line = await CuttableLine.to(Number(url.port));
    lines.push(line);
    url.port = String(line.port);
    return { line, ...process(false, { postgresUrl: url.href, heartbeatMs: 500, silenceMs }) };
  }

  it('notices a connection that is dead without a word, and ends what is left of it', async () => {
    const one = await distant(60_000);
    await one.start();
    const before = await holderPid();
    one.line.abandon();
    let after: number | undefined;
    while (after === undefined || after === before) after = await holderPid();
  });

  it('leaves its place when its machine is gone without a word, and stops when it comes back', async () => {
    // Longer than the next one is patient with one that lives.
    const gone = await distant(5_000);
    const next = process(false, { patienceMs: 1_500, heartbeatMs: 500 });
    await gone.start();
    gone.line.die();
    await next.start();
    gone.line.revive();
    expect(String(await gone.lifecycle.failure)).to.include('There is another.');
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
    await admin?.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE ${isHeld}`);
    await taken;
    expect(String(await one.lifecycle.failure)).to.include('There is another.');
    await Promise.all([other?.end(), admin?.end()]);
  });
});
