import { expect } from 'chai';
import { silentLogger, systemClock } from '@trolley/runtime';
import { MemoryEventLog } from '@trolley/runtime/events';
import { createPostgresPool, OutboxRelay, type PostgresPool } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { openTestTrolley, type TestTrolley } from './testing/test-trolley.ts';

describe('npm run trolley on the outbox', () => {
  let database: TestDatabase;
  let postgres: PostgresPool;
  let log: MemoryEventLog;
  let trolley: TestTrolley;

  before(async () => {
    database = await createTestDatabase();
    postgres = createPostgresPool(database.url, { logger: silentLogger, max: 2 });
  });
  after(async () => {
    await postgres.end();
    await database.drop();
  });
  beforeEach(() => {
    log = new MemoryEventLog();
    trolley = openTestTrolley({ postgres, log });
  });
  afterEach(() => postgres.query('TRUNCATE outbox_events RESTART IDENTITY'));

  const insert = (count: number, agoS: number, publications = 0) =>
    postgres.query(
      `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload, created_at, publications)
       SELECT 'checkout-' || n, 'CheckoutCompleted', n::text, '{}', now() - make_interval(secs => $2), $3
       FROM generate_series(1, $1::int) AS n`,
      [count, agoS, publications],
    );
  async function withRelay(work: () => Promise<void>): Promise<void> {
    log.beforeAppend = () => Promise.reject(new Error('the log is full'));
    const shared = { log, clock: systemClock, logger: silentLogger };
    const relay = new OutboxRelay({ postgresUrl: database.url, topic: 'outbox', source: '/test', ...shared });
    try {
      await work();
    } finally {
      await relay.close();
    }
  }
  const report = async () => {
    trolley.said = [];
    const { items } = await trolley.json('outbox');
    return items[0] as { waiting: number; relay?: { pid: number }; heldBackBy: string[] };
  };

  it('says that nothing waits', async () => {
    expect(await trolley.run('outbox')).to.equal(0);
    expect(trolley.lines).to.deep.equal([]);
    expect(trolley.said.slice(0, 2)).to.deep.equal([
      '0 events unsent; 0.0 a second sent in the last minute',
      'No relay publishes',
    ]);
  });

  it('tells by type what waits and since when, and that no relay is there', async () => {
    await insert(3, 600);
    expect(await trolley.run('outbox')).to.equal(0);
    expect(trolley.lines.join()).to.match(/^CheckoutCompleted\t3\t10 min\t\d{4}-/);
    expect(trolley.said.at(-1)).to.equal('Held back: no relay is connected: start one');
    expect(await report()).to.include({ waiting: 3 });
  });

  it('names the relay, and what is known of why it gets nowhere', async () => {
    await insert(1, 600, 1);
    await withRelay(async () => {
      let found = await report();
      while (found.relay === undefined) found = await report();
      expect(found.heldBackBy).to.deep.equal([
        '1 of 1 had no effect in time, and are published again',
        'a relay is connected and the event log answers: the relay’s log tells what it meets',
      ]);
      log.lag = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
      const why = async () => (await report()).heldBackBy.at(-1) ?? '';
      while (!/does not answer: .*refused/.test(await why())) await new Promise(setImmediate);
    });
  });

  it('lists the rows that wait, in pages', async () => {
    await insert(3, 60);
    expect(await trolley.run('outbox rows --limit 2')).to.equal(0);
    expect(trolley.lines.map((line) => line.split('\t').slice(0, 4).join())).to.deep.equal([
      '1,CheckoutCompleted,1,checkout-1',
      '2,CheckoutCompleted,2,checkout-2',
    ]);
    expect(trolley.said.at(-1)).to.equal('More with --after 2');
    expect((await trolley.json('outbox rows --after 2')).items.map((row) => row['id'])).to.deep.equal(['3']);
    expect(await trolley.problem('outbox rows --after x')).to.match(
      /--after goes with the id of a row, not x/,
    );
  });
});
