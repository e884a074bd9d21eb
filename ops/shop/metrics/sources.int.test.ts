import { expect } from 'chai';
import { Registry } from 'prom-client';
import { silentLogger } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { outboxSource } from './sources.ts';

describe('the outbox, measured', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url, { logger: silentLogger, max: 1 });
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });

  it('tells how much is not published and how long the oldest of it waits', async () => {
    const registry = new Registry();
    const read = outboxSource(pool)(registry);
    const look = async () => {
      await read();
      const found = await registry.getMetricsAsJSON();
      return found.map(({ values }) => values[0]?.value ?? 0) as [events: number, age: number];
    };
    expect(await look()).to.deep.equal([0, 0]);
    const insert = (agoS: number, processed: boolean) =>
      pool.query(
        `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload, created_at, processed_at)
         VALUES ('a', 'b', 'c', '{}', now() - $1::float8 * interval '1 s', CASE WHEN $2::boolean THEN now() END)`,
        [agoS, processed],
      );
    await insert(7_200, true);
    await insert(3_600, false);
    await insert(60, false);
    const [events, age] = await look();
    expect(events).to.equal(2);
    expect(age).to.be.within(3_600, 3_700);
  });
});
