import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createPostgresPool, type PostgresPool } from '../../storage/postgres/postgres-pool.ts';
import {
  createTestDatabase,
  testKafkaBrokers,
  type TestDatabase,
} from '../../testing/suites/test-servers.ts';
import type { LogEvent } from '../event-log.ts';
import type { KafkaMemberOptions } from '../../testing/kafka/kafka-member.ts';
import { onAdmin, TestKafkaLog } from '../../testing/kafka/test-kafka-log.ts';

const program = fileURLToPath(new URL('../../testing/kafka/kafka-member.ts', import.meta.url));
const group = 'readers';

interface Member {
  readonly process: ChildProcess;
  /** What it logged, a JSON line each. */
  readonly lines: string[];
}

describe('a group of processes on Kafka', function () {
  this.timeout(90_000);
  let database: TestDatabase;
  let pool: PostgresPool;
  let members: Member[];
  let topic: string;
  let log: TestKafkaLog;
  let sent: number;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    await pool.query(
      `CREATE TABLE attempts (event_id TEXT, member TEXT);
       CREATE TABLE applied (at BIGSERIAL, event_id TEXT PRIMARY KEY, user_key TEXT, n INT, member TEXT);
       CREATE TABLE held (event_id TEXT)`,
    );
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(() => {
    const scope = randomUUID();
    topic = `topic-${scope}`;
    log = new TestKafkaLog({ scope });
    members = [];
    sent = 0;
  });
  afterEach(async () => {
    await Promise.all(members.map(({ process }) => kill(process)));
    await log.close();
    await pool.query('TRUNCATE attempts, applied, held');
  });

  function start(name: string): Member {
    const options: KafkaMemberOptions = {
      ...{ name, topic, group: log.groupOf(group), postgresUrl: database.url },
      brokers: testKafkaBrokers().split(','),
    };
    const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const member: Member = { process: child, lines: [] };
    createInterface({ input: child.stdout }).on('line', (line) => member.lines.push(line));
    members.push(member);
    return member;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  const eventOf = (type = 'Counted'): LogEvent => {
    const n = sent++;
    return { id: `${topic}-${n}`, key: String(n % 40), type, value: String(n), headers: {} };
  };
  const count = async (sql: string): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`);
    return rows[0]?.n ?? 0;
  };
  const eventually = async (condition: () => Promise<boolean> | boolean) => {
    while (!(await condition())) await delay(20);
  };
  const untilApplied = (by: string, more: number) =>
    eventually(async () => (await count(`applied WHERE member = '${by}'`)) >= more);
  const committed = () =>
    onAdmin(async (admin) => {
      const [offsets] = await admin.fetchOffsets({ groupId: log.groupOf(group), topics: [topic] });
      return offsets?.partitions.map(({ partition, offset }) => `${partition}:${offset}`).sort();
    });
  // While the group is new, its coordinator may not know of it.
  const lag = () => log.lagOf(topic, group).catch(() => Infinity);

  /** Keeps the members busy until the returned function is called. */
  function load(): () => Promise<void> {
    const over = new AbortController();
    const appending = (async () => {
      while (!over.signal.aborted) {
        await log.append(
          topic,
          Array.from({ length: 50 }, () => eventOf()),
        );
        await eventually(async () => over.signal.aborted || sent - (await count('applied')) < 400);
      }
    })();
    return () => {
      over.abort();
      return appending;
    };
  }

  async function expectAllAppliedInOrder(): Promise<void> {
    expect(await count('applied')).to.equal(sent);
    const { rows } = await pool.query<{ user_key: string; ns: number[] }>(
      'SELECT user_key, array_agg(n ORDER BY at) AS ns FROM applied GROUP BY user_key',
    );
    for (const { user_key: user, ns } of rows) {
      expect(ns, `the order of user ${user}`).to.deep.equal([...ns].sort((a, b) => a - b));
    }
  }

  it('applies each event once and in order while members join and are killed', async () => {
    const stopLoad = load();
    const first = start('first');
    await untilApplied('first', 100);
    const second = start('second');
    await untilApplied('second', 100);
    await kill(first.process);
    const before = await count(`applied WHERE member = 'second'`);
    await untilApplied('second', before + 200);
    start('third');
    await untilApplied('third', 100);
    await kill(second.process);
    await stopLoad();
    await eventually(async () => (await lag()) === 0);
    await expectAllAppliedInOrder();
  });

  it('takes no commit of a member that was frozen and whose partitions are with another by now', async () => {
    await pool.query('INSERT INTO held VALUES ($1)', [`${topic}-0`]);
    await log.append(topic, [eventOf('Held')]);
    const frozen = start('frozen');
    await eventually(async () => (await count(`attempts WHERE member = 'frozen'`)) === 1);
    frozen.process.kill('SIGSTOP');
    await pool.query('TRUNCATE held');
    start('heir');
    await log.append(
      topic,
      Array.from({ length: 200 }, () => eventOf()),
    );
    await eventually(async () => (await lag()) === 0);
    const before = await committed();

    frozen.process.kill('SIGCONT');
    const refusal = () => frozen.lines.find((line) => /offsets could not be committed/.test(line));
    await eventually(() => refusal() !== undefined);
    // Illegal generation, or unknown member.
    expect(refusal()).to.match(/group generation id is not valid|not aware of this member/);
    expect(await committed()).to.deep.equal(before);

    // It takes part again, and what it held is not applied a second time.
    const joined = () => frozen.lines.filter((line) => /"msg":"consuming"/.test(line)).length;
    await eventually(() => joined() === 2);
    await log.append(
      topic,
      Array.from({ length: 200 }, () => eventOf()),
    );
    await eventually(async () => (await lag()) === 0);
    await expectAllAppliedInOrder();
    expect(await count(`attempts WHERE event_id = '${topic}-0'`)).to.equal(2);
  });
});
