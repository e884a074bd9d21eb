import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '../../testing/suites/test-servers.ts';
import { createPostgresPool, type PostgresPool } from './postgres-pool.ts';

describe('a pool of connections to PostgreSQL', () => {
  let database: TestDatabase;
  let pool: PostgresPool;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });

  it('gives rows as texts, and each as it is otherwise when it is asked for', async () => {
    const text = `
      SELECT n, n::text AS "text", n::bigint AS "bigint", n::numeric / 8 AS "numeric", n > 1 AS "boolean",
        timestamptz '2026-11-28 10:00:00.25+00' AS "time", jsonb_build_object('n', n) AS "json",
        NULL::jsonb AS "nothing"
      FROM generate_series(1, $1::int) AS n ORDER BY n`;
    const { rows } = await pool.query(text, [2]);
    const found = await pool.queryTexts(text, [2]);
    expect(found.map((row) => row.parsed())).to.deep.equal(rows);
    expect(found[1]?.texts).to.deep.include({ n: '2', boolean: 't', json: '{"n": 2}', nothing: null });
  });
});
