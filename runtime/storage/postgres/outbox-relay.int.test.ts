import { expect } from 'chai';
import { systemClock, type Clock } from '../../define/clock.ts';
import { silentLogger } from '../../observe/logger.ts';
import { createPostgresPool, type PostgresPool } from './postgres-pool.ts';
import { createTestDatabase, testPostgresUrl, type TestDatabase } from '../../testing/suites/test-servers.ts';
import { MemoryEventLog } from '../../events/memory-event-log.ts';
import { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.ts';

const topic = 'outbox';
const never = 3_600_000;
const day = 86_400_000;

describe('OutboxRelay', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let log: MemoryEventLog;
  let relays: OutboxRelay[];
  let appended: () => void = () => {};

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(() => {
    log = new MemoryEventLog();
    log.afterAppend = () => appended();
    relays = [];
  });
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.close()));
    await pool.query('TRUNCATE outbox_events RESTART IDENTITY');
  });

  const start = (options: Partial<OutboxRelayOptions> = {}): OutboxRelay => {
    const relay = new OutboxRelay({
      postgresUrl: database.url,
      log,
      topic,
      source: '/test',
      clock: systemClock,
      logger: silentLogger,
      ...options,
    });
    relays.push(relay);
    return relay;
  };
  /** Inserts events of the given keys as one statement; their payloads count on from `from`. */
  const insert = (keys: readonly string[], from = 0) =>
    pool.query(
      `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload, headers)
       SELECT 'aggregate-' || key, 'Counted', key, jsonb_build_object('n', $2::int + place - 1), '{"traceparent":"00-1"}'
       FROM unnest($1::text[]) WITH ORDINALITY AS r (key, place) ORDER BY place`,
      [keys, from],
    );
  const numbers = () => log.records(topic).map(({ value }) => (JSON.parse(value) as { n: number }).n);
  const untilAppended = async (condition: () => boolean) => {
    while (!condition()) await new Promise<void>((resolve) => (appended = resolve));
  };
  const count = async (where: string): Promise<number> => {
    const { rows } = await pool.query<{ n: string }>(
      `SELECT count(*) AS n FROM outbox_events WHERE ${where}`,
    );
    return Number(rows[0]?.n);
  };
  const eventually = async (condition: () => boolean | Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
  };
  const allMarked = () => eventually(async () => (await count('processed_at IS NULL')) === 0);
  const lockHolders = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  const killActive = () => pool.query(`SELECT pg_terminate_backend(pid) FROM (${lockHolders}) AS held`);

  it('carries an event to the log with its headers, and marks it', async () => {
    await insert(['7']);
    start();
    await untilAppended(() => numbers().length > 0);
    const [record] = log.records(topic);
    const created = await pool.query<{ at: Date }>('SELECT created_at AS at FROM outbox_events');
    expect(record).to.include({ key: '7', type: 'Counted', value: '{"n": 0}' });
    expect(record?.headers).to.deep.equal({
      traceparent: '00-1',
      event_type: 'Counted',
      event_id: record?.id,
      ce_specversion: '1.0',
      ce_id: record?.id,
      ce_source: '/test',
      ce_type: 'Counted',
      ce_time: created.rows[0]?.at.toISOString(),
      'content-type': 'application/json',
    });
    await allMarked();
    expect(await count('publications = 1')).to.equal(1);
  });

  it('keeps the order of each key over many batches', async () => {
    const keys = Array.from({ length: 230 }, (_, n) => String(n % 7));
    await insert(keys);
    start({ maxBatch: 25 });
    await untilAppended(() => numbers().length >= 230);
    const records = log.records(topic);
    for (const key of new Set(keys)) {
      const got = records
        .filter((record) => record.key === key)
        .map(({ value }) => JSON.parse(value) as unknown);
      const sent = keys.flatMap((each, n) => (each === key ? [{ n }] : []));
      expect(got, `key ${key}`).to.deep.equal(sent);
    }
    expect(new Set(records.map(({ id }) => id)).size).to.equal(230);
  });

  it('is woken by a commit', async () => {
    const relay = start({ pollMs: never });
    await eventually(() => relay.isActive);
    for (let n = 0; n < 5; n++) {
      await insert(['7'], n);
      await untilAppended(() => numbers().includes(n));
    }
  });

  it('finds an event whose notification was lost', async () => {
    await pool.query('ALTER TABLE outbox_events DISABLE TRIGGER outbox_events_notify');
    const relay = start({ pollMs: 10 });
    await eventually(() => relay.isActive);
    await insert(['7']);
    await untilAppended(() => numbers().length === 1);
    await pool.query('ALTER TABLE outbox_events ENABLE TRIGGER outbox_events_notify');
  });

  it('marks nothing while the log is down, and loses nothing', async () => {
    let refused = 0;
    let down = () => {};
    const tried = new Promise<void>((resolve) => (down = resolve));
    log.beforeAppend = () => {
      if (++refused === 2) down();
      throw new Error('the log is down');
    };
    await insert(['1', '2', '3']);
    start();
    await tried;
    expect(await count('processed_at IS NULL')).to.equal(3);
    log.beforeAppend = undefined;
    await allMarked();
    expect(numbers().sort()).to.deep.equal([0, 1, 2]);
  });

  it('publishes again, under the same id, what a crash left unmarked', async () => {
    let crashes = 0;
    log.afterAppend = async () => {
      if (crashes++ === 0) await killActive();
      appended();
    };
    await insert(['7']);
    start();
    await untilAppended(() => numbers().length === 2);
    await allMarked();
    const [first, second] = log.records(topic);
    expect(second?.id).to.equal(first?.id);
  });

  it('has one relay active, and another take over when that one ends', async () => {
    const [first, second] = [start(), start()];
    await eventually(() => first.isActive || second.isActive);
    const [active, standby] = first.isActive ? [first, second] : [second, first];
    await insert(['7']);
    await untilAppended(() => numbers().length === 1);
    expect((await pool.query(lockHolders)).rows).to.have.length(1);
    expect(standby.isActive).to.equal(false);
    await active.close();
    await insert(['7'], 1);
    await untilAppended(() => numbers().length === 2);
    expect(standby.isActive).to.equal(true);
    expect(numbers()).to.deep.equal([0, 1]);
  });

  it('goes on after the connection of the active relay was ended', async () => {
    start();
    start();
    for (let n = 0; n < 3; n++) {
      await insert(['7'], n);
      await untilAppended(() => numbers().includes(n));
      await allMarked();
      await killActive();
    }
  });

  it('finishes the batch under way when it closes', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const reached = new Promise<void>((resolve) => {
      log.afterAppend = () => {
        resolve();
        return held;
      };
    });
    await insert(['1', '2']);
    const relay = start();
    await reached;
    const closing = relay.close();
    release();
    await closing;
    expect(await count('processed_at IS NULL')).to.equal(0);
    expect(numbers()).to.have.length(2);
  });

  it('closes while the database is away', async () => {
    const nowhere = new URL(testPostgresUrl());
    nowhere.port = '1';
    await start({ postgresUrl: nowhere.href }).close();
  });

  /** A clock of another day, on which the relay's chores are always due. */
  const onDay = (days: number): Clock => {
    let chores = 0;
    return {
      ...systemClock,
      now: () => Date.now() + days * day,
      monotonic: () => (chores += 60_000),
    };
  };

  it('deletes what was processed long ago', async () => {
    await insert(['1', '2']);
    await pool.query(
      `UPDATE outbox_events SET processed_at = now() - interval '8 days' WHERE partition_key = '1'`,
    );
    start({ clock: onDay(0), pollMs: 10 });
    await eventually(async () => (await count('true')) === 1);
    await allMarked();
    expect(await count(`partition_key = '2'`)).to.equal(1);
  });

  describe('with a condition for what had no effect', () => {
    const undelivered = {
      sql: `NOT EXISTS (SELECT 1 FROM effects AS e WHERE e.id = o.aggregate_id)`,
      everyMs: 1,
      afterMs: 0,
    };
    before(() => pool.query('CREATE TABLE effects (id TEXT PRIMARY KEY)'));

    it('publishes again until the effect is there, and keeps the event so long', async () => {
      await insert(['1', '2']);
      await pool.query(`INSERT INTO effects VALUES ('aggregate-2')`);
      start({ clock: onDay(0), pollMs: 10, retentionMs: 0, undelivered });
      const timesOf = (key: string) => log.records(topic).filter((record) => record.key === key).length;
      await untilAppended(() => timesOf('1') === 4);
      await eventually(async () => (await count(`partition_key = '2'`)) === 0);
      expect(timesOf('2')).to.equal(1);
      expect(await count(`partition_key = '1'`)).to.equal(1);
      expect(new Set(log.records(topic).map(({ id }) => id)).size, 'event ids').to.equal(2);
      await pool.query(`INSERT INTO effects VALUES ('aggregate-1')`);
      await eventually(async () => (await count('true')) === 0);
    });

    it('publishes nothing again that has not been consumed yet', async () => {
      await insert(['3', '4']);
      await pool.query(
        `UPDATE outbox_events SET processed_at = now() - make_interval(secs => partition_key::int * 1000), publications = 1`,
      );
      let consumedUntil = Date.now() - 3_500_000;
      let looks = 0;
      const ask = async () => {
        looks++;
        appended();
        return consumedUntil;
      };
      start({ clock: onDay(0), pollMs: 10, undelivered: { ...undelivered, consumedUntil: ask } });
      await untilAppended(() => log.records(topic).length > 0 && looks > 20);
      expect(new Set(log.records(topic).map(({ key }) => key))).to.deep.equal(new Set(['4']));
      consumedUntil = Date.now();
      await untilAppended(() => log.records(topic).some(({ key }) => key === '3'));
    });

    for (const [how, processedAt] of Object.entries({
      'one after the other': `now() - make_interval(mins => 10, secs => n * 0.0001)`,
      'all at once': `now() - interval '10 minutes'`,
    })) {
      it(`looks through any number that were processed ${how}, some at a time`, async () => {
        await pool.query(
          `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload, processed_at, publications)
           SELECT 'a-' || n, 'Counted', n::text, jsonb_build_object('n', n), ${processedAt}, 1
           FROM generate_series(1, 12000) AS n`,
        );
        const lost = [1, 5_000, 5_001, 12_000];
        const sql = `o.publications = 1 AND o.aggregate_id = ANY('{${lost.map((n) => `a-${n}`).join()}}')`;
        start({ clock: onDay(0), pollMs: 10, undelivered: { ...undelivered, sql } });
        await untilAppended(() => log.records(topic).length >= lost.length);
        await allMarked();
        expect(numbers().sort((a, b) => a - b)).to.deep.equal(lost);
      });
    }

    it('goes on publishing when the condition itself fails', async () => {
      await insert(['1']);
      start({ clock: onDay(0), pollMs: 10, undelivered: { ...undelivered, sql: 'nonsense' } });
      await allMarked();
      await insert(['2'], 1);
      await untilAppended(() => numbers().includes(1));
      await allMarked();
      expect(numbers().sort()).to.deep.equal([0, 1]);
    });

    it('waits before it does, longer each time', async () => {
      const publishedAt = (minutes: number, publications: number) =>
        pool.query(
          `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload, processed_at, publications)
           VALUES ('a', 'Counted', $1, '{}', now() - make_interval(mins => $2), $3)`,
          [`${minutes}/${publications}`, minutes, publications],
        );
      for (const minutes of [1, 3, 5])
        for (const publications of [1, 2, 3]) await publishedAt(minutes, publications);
      let later = 0;
      const clock = { ...onDay(0), now: () => Date.now() + later };
      start({ clock, pollMs: 10, undelivered: { ...undelivered, afterMs: 2 * 60_000 } });
      await untilAppended(() => log.records(topic).length >= 3);
      await allMarked();
      const keys = log.records(topic).map(({ key }) => key);
      expect(keys.sort()).to.deep.equal(['3/1', '5/1', '5/2']);
      later = 60 * 60_000;
      await untilAppended(() => new Set(log.records(topic).map(({ key }) => key)).size === 9);
    });
  });
});
