import { expect } from 'chai';
import { systemClock } from '../../define/clock.ts';
import { silentLogger } from '../../observe/logger.ts';
import { MemoryEventLog } from '../../events/memory-event-log.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/suites/test-servers.ts';
import { outboxInspection, type OutboxInspection, type OutboxReport } from './outbox-inspection.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { createPostgresPool, type PostgresPool } from './postgres-pool.ts';

describe('outboxInspection', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let outbox: OutboxInspection;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    outbox = outboxInspection({ pool });
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });
  afterEach(() => pool.query('TRUNCATE outbox_events RESTART IDENTITY'));

  const insert = (type: string, count: number, { agoS = 0, processed = false, publications = 0 } = {}) =>
    pool.query(
      `INSERT INTO outbox_events
         (aggregate_id, event_type, partition_key, payload, created_at, processed_at, publications)
       SELECT 'aggregate-' || n, $1, n::text, '{}', now() - make_interval(secs => $3),
              CASE WHEN $4::boolean THEN now() END, $5
       FROM generate_series(1, $2::int) AS n`,
      [type, count, agoS, processed, publications],
    );
  const until = async (condition: (report: OutboxReport) => boolean) => {
    for (;;) {
      const report = await outbox.report();
      if (condition(report)) return report;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const relayTo = (log: MemoryEventLog) =>
    new OutboxRelay({
      ...{ postgresUrl: database.url, log, topic: 'outbox', source: '/test' },
      clock: systemClock,
      logger: silentLogger,
    });

  it('tells that nothing waits, and that nobody relays', async () => {
    const { at, ...report } = await outbox.report();
    const nothing = {
      waiting: 0,
      isPartial: false,
      types: [],
      republishing: 0,
      standbys: [],
      sentPerSecond: 0,
    };
    expect(report).to.deep.equal(nothing);
    expect(at).to.be.closeTo(Date.now(), 3_600_000);
  });

  it('tells what waits, since when and of which type, what goes again, and what was sent', async () => {
    await insert('Counted', 2, { agoS: 60 });
    await insert('Weighed', 3, { agoS: 3_600, publications: 2 });
    await insert('Counted', 120, { processed: true });
    const { types, oldestAt = 0, at, ...report } = await outbox.report();
    expect(report).to.include({ waiting: 5, isPartial: false, republishing: 3, sentPerSecond: 2 });
    expect(types.map(({ type, waiting }) => [type, waiting])).to.deep.equal([
      ['Weighed', 3],
      ['Counted', 2],
    ]);
    expect(Math.round((at - oldestAt) / 60_000)).to.equal(60);
    expect(types[0]?.oldestAt).to.equal(oldestAt);
    const rows = await outbox.waiting(4);
    expect(rows.map(({ id, type, publications }) => `${id} ${type} ${publications}`)).to.deep.equal([
      ...['1 Counted 0', '2 Counted 0'],
      ...['3 Weighed 2', '4 Weighed 2'],
    ]);
    expect((await outbox.waiting(10, rows.at(-1)?.id)).map(({ id, key }) => [id, key])).to.deep.equal([
      ['5', '3'],
    ]);
  });

  it('counts up to a bound and says so', async () => {
    await insert('Counted', 10_050);
    const { waiting, isPartial, types } = await outbox.report();
    expect([waiting, isPartial, types[0]?.waiting]).to.deep.equal([10_000, true, 10_000]);
  });

  it('names the relay that publishes, and those that stand by', async () => {
    const held = new MemoryEventLog();
    let release = () => {};
    const open = new Promise<void>((resolve) => (release = resolve));
    held.beforeAppend = () => open;
    const first = relayTo(held);
    const { relay } = await until((report) => report.relay !== undefined);
    expect(relay).to.include({ applicationName: 'trolley-outbox-relay' });
    expect(relay?.pid).to.be.a('number');
    expect(relay?.connectedAt).to.be.a('number');
    const second = relayTo(new MemoryEventLog());
    const both = await until(({ standbys }) => standbys.length === 1);
    expect(both.relay?.pid).to.equal(relay?.pid);
    release();
    await first.close();
    const heir = await until((report) => report.relay?.pid === both.standbys[0]?.pid);
    expect(heir.standbys).to.deep.equal([]);
    await second.close();
  });

  it('reads by indexes, however much was published', async () => {
    await insert('Counted', 20_000, { agoS: 7_200, processed: true });
    await pool.query(`UPDATE outbox_events SET processed_at = now() - interval '2 h'`);
    await insert('Counted', 5);
    await pool.query('VACUUM ANALYZE outbox_events');
    const plans: string[] = [];
    const explaining = {
      query: async (text: string, values: unknown[]) => {
        const found = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
        plans.push(found.rows.map((row) => row['QUERY PLAN']).join('\n'));
        return pool.query(text, values);
      },
    } as unknown as PostgresPool;
    const inspection = outboxInspection({ pool: explaining });
    await inspection.report();
    await inspection.waiting();
    expect(plans).to.have.length(4);
    expect(plans.join('\n')).not.to.match(/Seq Scan on outbox_events/);
    expect(plans.join('\n'))
      .to.match(/outbox_events_waiting/)
      .and.to.match(/outbox_events_processed/);
  });
});
