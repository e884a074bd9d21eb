import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../testing/suites/test-servers.ts';
import { CuttableLine } from '../../testing/cuttable-line.ts';
import { createPostgresPool, type PostgresPool } from './postgres-pool.ts';
import { openPostgresClient } from './postgres-session.ts';

const session = { applicationName: 'test', statementTimeoutMs: 20_000 };

describe('a session at PostgreSQL', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  let name: string;
  const pools: PostgresPool[] = [];
  const lines: CuttableLine[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    name = pg.escapeIdentifier(new URL(database.url).pathname.slice(1));
  });
  afterEach(async () => {
    for (const line of lines.splice(0)) line.cut();
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    await admin.end();
    await database.drop();
  });

  const openPool = (url: string, options: Parameters<typeof createPostgresPool>[1] = {}) => {
    const pool = createPostgresPool(url, options);
    pools.push(pool);
    return pool;
  };
  const setUp = (settings: Readonly<Record<string, string>>) =>
    admin.query(
      Object.entries(settings)
        .map(([setting, value]) => `ALTER DATABASE ${name} SET ${setting} = ${value}`)
        .join(';'),
    );

  it('means the same however the database is set up', async () => {
    await setUp({
      DateStyle: `'German, DMY'`,
      IntervalStyle: `'sql_standard'`,
      TimeZone: `'Asia/Kathmandu'`,
      search_path: `'nowhere'`,
      standard_conforming_strings: 'off',
      default_transaction_isolation: `'serializable'`,
      statement_timeout: '200',
      lock_timeout: '200',
      idle_session_timeout: '200',
      idle_in_transaction_session_timeout: '200',
      synchronous_commit: 'off',
    });
    const client = await openPostgresClient(database.url, { ...session, idleSessionMs: 30_000 });
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT timestamptz '2026-11-28 10:00:00+00' AS at, ('2026-11-28T10:00:00Z'::timestamptz)::text AS text,
         interval '1 day 2 hours'::text AS interval, current_schema() AS schema, 'a\\b' AS backslash,
         current_setting('transaction_isolation') AS isolation, current_setting('statement_timeout') AS statement,
         current_setting('lock_timeout') AS lock, current_setting('idle_session_timeout') AS idle,
         current_setting('idle_in_transaction_session_timeout') AS "inTransaction",
         current_setting('synchronous_commit') AS commit`,
    );
    await client.end();
    expect(rows[0]).to.deep.equal({
      at: new Date('2026-11-28T10:00:00Z'),
      text: '2026-11-28 10:00:00+00',
      interval: '1 day 02:00:00',
      schema: 'public',
      backslash: 'a\\b',
      isolation: 'read committed',
      statement: '20s',
      lock: '0',
      idle: '30s',
      inTransaction: '1min',
      commit: 'on',
    });
  });

  it('waits for standbys where the database says so', async () => {
    await setUp({ synchronous_commit: 'remote_apply' });
    const client = await openPostgresClient(database.url, session);
    const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
    await client.end();
    expect(rows[0]?.synchronous_commit).to.equal('remote_apply');
  });

  it('waits for no disk and no standby where its commits may be lost', async () => {
    await setUp({ synchronous_commit: 'remote_apply' });
    const client = await openPostgresClient(database.url, { ...session, commitsMayBeLost: true });
    const { rows } = await client.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
    await client.end();
    expect(rows[0]?.synchronous_commit).to.equal('off');
  });

  it('is in the schema that the address names', async () => {
    await admin.query('CREATE SCHEMA "my shop"');
    const pool = openPool(`${database.url}?schema=my%20shop`);
    const { rows } = await pool.query<{ schema: string }>('SELECT current_schema() AS schema');
    expect(rows[0]?.schema).to.equal('my shop');
  });

  it('is given up, with all others, when its server takes no more writes', async () => {
    await setUp({ default_transaction_read_only: 'on' });
    const pool = openPool(database.url, { max: 4 });
    // All at once, so that there are four.
    await Promise.all([1, 2, 3, 4].map(() => pool.query('SELECT pg_sleep(0.1)')));
    await setUp({ default_transaction_read_only: 'off' });
    const write = () =>
      pool.query(`UPDATE checkout_sessions SET version = version WHERE id = '${randomUUID()}'`);
    expect(await write().catch((error: unknown) => error)).to.have.property('code', '25006');
    await Promise.all([1, 2, 3, 4].map(write));
  });

  it('is given up, with all others, when the other end is gone without a word', async () => {
    const url = new URL(database.url);
    const line = await CuttableLine.to(Number(url.port));
    lines.push(line);
    url.port = String(line.port);
    const pool = openPool(url.href, { max: 4, statementTimeoutMs: 100 });
    await Promise.all([1, 2, 3, 4].map(() => pool.query('SELECT pg_sleep(0.05)')));
    line.abandon();
    expect(await pool.query('SELECT 1').catch(String)).to.include('Query read timeout');
    await Promise.all([1, 2, 3, 4].map(() => pool.query('SELECT 1')));
  });

  it('prepares a statement once in each connection', async () => {
    const pool = openPool(database.url, { max: 1 });
    for (const n of [1, 2, 3])
      expect((await pool.query('SELECT $1::int AS n', [n])).rows).to.deep.equal([{ n }]);
    const { rows } = await pool.query('SELECT statement FROM pg_prepared_statements');
    expect(rows).to.deep.equal([{ statement: 'SELECT $1::int AS n' }]);
  });

  it('plans a statement once, also one that looks for few keys', async () => {
    const pool = openPool(database.url, { max: 1 });
    await pool.query('CREATE TABLE t (key uuid PRIMARY KEY)');
    for (let n = 0; n < 8; n++)
      await pool.query('SELECT * FROM t WHERE key = ANY($1::uuid[])', [[randomUUID()]]);
    const { rows } = await pool.query('SELECT generic_plans, custom_plans FROM pg_prepared_statements');
    expect(rows).to.deep.equal([{ generic_plans: '8', custom_plans: '0' }]);
  });

  it('prepares few statements, and runs any number', async () => {
    const pool = openPool(database.url, { max: 1 });
    for (let n = 0; n < 210; n++) await pool.query(`SELECT $1::int AS n${n}`, [n]);
    const { rows } = await pool.query('SELECT count(*)::int AS prepared FROM pg_prepared_statements');
    expect(rows).to.deep.equal([{ prepared: 200 }]);
  });

  for (const { what, change, codes } of [
    {
      what: 'a column has another type',
      change: 'ALTER TABLE t ALTER COLUMN n TYPE bigint',
      codes: ['0A000'],
    },
    { what: 'they were discarded', change: 'DEALLOCATE ALL', codes: ['26000'] },
  ]) {
    it(`is replaced when what it had prepared does not hold any more: ${what}`, async () => {
      const pool = openPool(database.url, { max: 1 });
      await pool.query('CREATE TABLE t (n int)');
      const look = () =>
        pool.query('SELECT n FROM t WHERE n > $1', [0]).then(
          () => 'found',
          (error: unknown) => (error as pg.DatabaseError).code,
        );
      expect(await look()).to.equal('found');
      await pool.query(change);
      expect([await look(), await look()]).to.deep.equal([...codes, 'found']);
    });
  }
});
