import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { codeOf, silentLogger, systemClock } from '@trolley/runtime';
import type { LogRecord } from '@trolley/runtime/events';
import { KafkaEventLog } from '@trolley/runtime/kafka';
import { createPostgresPool, OutboxRelay, type PostgresPool } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { startPrivateKafka, type PrivateServer } from '../testing/test-servers.ts';

/** Less than Kafka takes by itself. */
const sessionMs = 1_500;

describe('a Kafka of its own', function () {
  this.timeout(120_000);
  let kafka: PrivateServer;
  let database: TestDatabase;
  let pool: PostgresPool;
  let closers: (() => Promise<void>)[];
  let topic: string;
  let topics = 0;

  before(async () => {
    [kafka, database] = await Promise.all([
      startPrivateKafka({ settings: { 'group.min.session.timeout.ms': 500 } }),
      createTestDatabase(),
    ]);
    pool = createPostgresPool(database.url);
    await pool.query('CREATE TABLE effects (at BIGSERIAL, event_id TEXT PRIMARY KEY, key TEXT, n INT)');
  });
  after(async () => {
    await pool.end();
    await Promise.all([kafka.stop(), database.drop()]);
  });
  beforeEach(() => {
    topic = `topic-${++topics}`;
    closers = [];
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
  });

  function openLog(): KafkaEventLog {
    const log = new KafkaEventLog({
      brokers: [kafka.url],
      clock: systemClock,
      logger: silentLogger,
      sessionMs,
      sendLimitMs: 2_000,
      closeMs: 1_000,
    });
    closers.push(() => log.close());
    return log;
  }

  const eventually = async (condition: () => Promise<boolean> | boolean) => {
    while (!(await condition())) await delay(20);
  };
  const count = async (from: string): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`);
    return rows[0]?.n ?? 0;
  };

  it('is killed and comes back: the outbox catches up, and each event has its effect once and in order', async () => {
    const [publishing, consuming] = [openLog(), openLog()];
    const relay = new OutboxRelay({
      ...{ postgresUrl: database.url, log: publishing, topic, source: '/test' },
      ...{ clock: systemClock, logger: silentLogger, maxBatch: 50 },
    });
    closers.push(() => relay.close());
    await consuming.subscribe({
      topic,
      group: 'readers',
      async handle({ id, key, value }) {
        const { n } = JSON.parse(value) as { n: number };
        await pool.query(
          'INSERT INTO effects (event_id, key, n) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
          [...[id, key, n]],
        );
      },
    });
    let inserted = 0;
    const over = new AbortController();
    const inserting = (async () => {
      while (!over.signal.aborted) {
        await pool.query(
          `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload)
           SELECT 'a', 'Counted', (n % 20)::text, jsonb_build_object('n', n) FROM generate_series($1::int, $2::int) AS n`,
          [inserted, (inserted += 20) - 1],
        );
        await delay(100);
      }
    })();

    await eventually(async () => (await count('effects')) >= 100);
    await kafka.kill();
    const refused = publishing.append(topic, [{ id: '1', key: 'x', type: 'T', value: '0', headers: {} }]);
    expect(await refused.catch(codeOf)).to.equal('unavailable');
    await eventually(async () => (await count('outbox_events WHERE processed_at IS NULL')) >= 200);
    await kafka.start();
    const reached = inserted;
    await eventually(async () => (await count('effects')) > reached);
    over.abort();
    await inserting;
    await eventually(async () => (await count('effects')) === inserted);

    expect(await count('outbox_events WHERE processed_at IS NULL')).to.equal(0);
    const { rows } = await pool.query<{ key: string; ns: number[] }>(
      'SELECT key, array_agg(n ORDER BY at) AS ns FROM effects GROUP BY key',
    );
    expect(rows).to.have.length(20);
    for (const { key, ns } of rows) {
      expect(ns, `the order of key ${key}`).to.deep.equal([...ns].sort((a, b) => a - b));
    }
  });

  it('leaves a partition with a member whose handler takes longer than a session', async () => {
    const log = openLog();
    const handled: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const handle = ({ id }: LogRecord) => {
      handled.push(id);
      return held;
    };
    const subscription = await log.subscribe({ topic, group: 'patient', handle });
    await log.append(topic, [{ id: 'slow', key: 'x', type: 'T', value: '0', headers: {} }]);
    await eventually(() => handled.length > 0);
    // Of a member that it had given up, Kafka would take no commit, and the record would come again.
    await delay(3 * sessionMs);
    release();
    await eventually(async () => (await subscription.lag()) === 0);
    expect(handled).to.deep.equal(['slow']);
  });
});
