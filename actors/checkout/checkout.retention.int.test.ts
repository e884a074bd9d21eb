import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ActorError, codeOf, pause, systemClock } from '@trolley/runtime';
import {
  createPostgresPool,
  openPostgresClient,
  type PostgresPool,
  PostgresStateStore,
} from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { orderTable } from '../order/order.store.postgres.ts';
import { ActorDriver } from '../testing/actor-driver.ts';
import { createCheckoutActor } from './checkout.actor.ts';
import { checkoutIdFor } from './checkout.contract.ts';

const program = fileURLToPath(new URL('../testing/checkout-sweep-process.ts', import.meta.url));
const endedBefore = Date.parse('2026-01-01T00:00:00Z');
const [ended, batch] = [1_600, 500];

describe('the sweep of ended checkouts, killed in the middle of its work', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let child: ChildProcess | undefined;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url, { applicationName: 'test' });
  });
  after(async () => {
    child?.kill('SIGKILL');
    await pool.end();
    await database.drop();
  });

  /** Each updated a second after the one before, the last just before the end of what is kept. */
  async function put(
    name: string,
    count: number,
    columns: { status: string; effects?: string; at?: number },
  ) {
    const { status, effects = '[]', at = endedBefore } = columns;
    await pool.query(
      `INSERT INTO checkout_sessions (id, user_id, idempotency_key, status, currency, version, runtime, created_at, updated_at)
       SELECT gen_random_uuid(), n, $1 || '-' || n, $2, 'USD', 1, jsonb_build_object('effects', $3::jsonb), at, at
       FROM generate_series(1, $4) AS n, LATERAL (SELECT $5::timestamptz - ($4 + 1 - n) * interval '1 s' AS at) AS time`,
      [name, status, effects, count, new Date(at)],
    );
  }
  const orderAll = (name: string) =>
    pool.query(
      `INSERT INTO orders (id, checkout_id, user_id, status, items, total_amount, currency, details, version, runtime,
         created_at, updated_at)
       SELECT gen_random_uuid(), id, user_id, 'CONFIRMED', '[]', 0, 'USD', '{"refunded": false, "restocked": false}', 1,
         '{"applied": [], "effects": [], "waiting": []}', now(), now()
       FROM checkout_sessions WHERE idempotency_key LIKE $1 || '-%'`,
      [name],
    );
  const one = async <T>(sql: string, ...values: unknown[]) =>
    (await pool.query<{ found: T }>(`SELECT (${sql}) AS found`, values)).rows[0]?.found;
  const left = async () =>
    Number(await one(`SELECT count(*) FROM checkout_sessions WHERE idempotency_key ~ '^(sold|failed)-'`));
  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const giveUpAt = systemClock.now() + 15_000; !(await isSo()); await pause(systemClock, 5))
      expect(systemClock.now(), what).to.be.below(giveUpAt);
  }
  function sweep() {
    const started = spawn(
      process.execPath,
      ['--conditions=@trolley/source', '--import', 'tsx', program, database.url, String(endedBefore)],
      {
        stdio: ['pipe', 'inherit', 'inherit'],
      },
    );
    child = started;
    return async () => {
      started.kill('SIGKILL');
      await once(started, 'exit');
      // What it had asked for may still come to its end.
      const isGone = async () =>
        Number(
          await one(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
          AND application_name = 'trolley'`),
        ) === 0;
      await until('its connections to end', isGone);
    };
  }

  it('goes on with the next start, has kept what must be kept, and no key sells a second time', async () => {
    await put('sold', ended / 2, { status: 'COMPLETED' });
    await put('failed', ended / 2, { status: 'FAILED' });
    const soldId = checkoutIdFor(1, 'sold-1');
    await pool.query(`UPDATE checkout_sessions SET id = $1 WHERE idempotency_key = 'sold-1'`, [soldId]);
    await orderAll('sold');
    await put('unordered', 50, { status: 'COMPLETED' });
    await put('open', 50, { status: 'PAYMENT_PENDING' });
    await put('owing', 50, { status: 'FAILED', effects: '[{"id": "Refund"}]' });
    await put('young', 50, { status: 'FAILED', at: endedBefore + 60_000 });
    const kept = `SELECT jsonb_agg(to_jsonb(checkout_sessions) ORDER BY id) FROM checkout_sessions
      WHERE idempotency_key !~ '^(sold|failed)-'`;
    const keptBefore = await one(kept);

    // The second batch comes to a row that holds it up: there the process is killed.
    await pool.query(`CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN OLD; END'`);
    await pool.query(`CREATE TRIGGER hold BEFORE DELETE ON checkout_sessions FOR EACH ROW
      WHEN (OLD.idempotency_key = 'failed-350') EXECUTE FUNCTION hold()`);
    const holder = await openPostgresClient(database.url, {
      applicationName: 'test',
      statementTimeoutMs: 0,
    });
    await holder.query('SELECT pg_advisory_lock(7)');
    const killWithin = sweep();
    const isHeld = async () =>
      Number(
        await one(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`),
      ) === 1;
    await until('the second batch to be under way', isHeld);
    expect(await left()).to.equal(ended - batch);
    const killed = killWithin();
    await holder.query('SELECT pg_advisory_unlock(7)');
    await holder.end();
    await killed;
    const leftAfterKill = await left();
    expect([ended - batch, ended - 2 * batch]).to.include(leftAfterKill);
    expect(await one(kept)).to.deep.equal(keptBefore);

    const killBetween = sweep();
    await until('the sweep to go on', async () => (await left()) < leftAfterKill);
    await killBetween();
    expect((ended - (await left())) % batch).to.be.oneOf([0, ended % batch]);
    const end = sweep();
    await until('all to be removed', async () => (await left()) === 0);
    await end();
    expect(await one(kept)).to.deep.equal(keptBefore);
    expect(Number(await one('SELECT count(*) FROM orders'))).to.equal(ended / 2);
    expect(await startAgain(soldId)).to.equal('idempotency_key_reused');
  });

  /** By the actor, which finds nothing of the checkout but its order. */
  async function startAgain(checkoutId: string): Promise<unknown> {
    const orders = new PostgresStateStore({ pool, table: orderTable });
    const asked = () => Promise.reject(new Error('nobody else is to be asked'));
    const driver = new ActorDriver({
      actor: createCheckoutActor({
        orders: { has: async (id) => (await orders.load(id)) !== undefined },
        prices: { getMany: asked },
        inventory: { reserve: asked, confirm: asked, release: asked, restock: asked },
        payments: { charge: asked, refund: asked },
        clock: systemClock,
        reserveTimeoutMs: 30_000,
        paymentTimeoutMs: 60_000,
      }),
      // The cart is empty, and gives back nothing.
      askOther: ({ name }) =>
        name === 'ReleaseClaim'
          ? Promise.resolve({})
          : Promise.reject(new ActorError('cart_empty', 'nothing to buy')),
      key: checkoutId,
      time: { now: systemClock.now() },
    });
    const start = { userId: 1, idempotencyKey: 'sold-1', paymentMethod: 'card' };
    const id = driver.send('Start', start);
    await driver.run();
    await orders.close();
    try {
      return driver.answer(id);
    } catch (error) {
      return codeOf(error);
    }
  }
});
