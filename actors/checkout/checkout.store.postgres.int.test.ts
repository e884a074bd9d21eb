import { expect } from 'chai';
import { createPostgresPool, type PostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { checkoutIdFor } from './checkout.contract.ts';
import { createPostgresBuyerCheckouts } from './buyer-checkouts.queries.postgres.ts';
import type { CheckoutEvent } from './checkout.events.ts';
import { advanceSaga, beginSaga } from './checkout.saga.ts';
import { CheckoutState, type CheckoutSession } from './checkout.state.ts';
import { removeEndedCheckouts } from './checkout.retention.postgres.ts';
import { checkoutTable } from './checkout.store.postgres.ts';

const at = Date.parse('2026-01-01T00:00:00.123Z');
const key = checkoutIdFor(7, 'a key');

const events: CheckoutEvent[] = [
  {
    type: 'ClaimAndPrice.done',
    at,
    lines: [{ productId: 1, quantity: 2, productName: 'Läptöp "漢"', unitPriceCents: 129_999 }],
    totalCents: 999_999_999_999,
    cartVersion: 3,
  },
  { type: 'Reserve.unknown', at, code: 'unavailable' },
  { type: 'Reserve.done', at, reservationId: 'r' },
  { type: 'Charge.done', at, paymentId: 'p' },
  { type: 'Confirm.done', at },
];

const shortages = [{ productId: 1, requested: 2, available: 1 }];
const unsold: CheckoutEvent[] = [
  ...events.slice(0, 1),
  { type: 'Reserve.refused', at, code: 'insufficient_stock', shortages },
  { type: 'ReleaseClaim.done', at },
];

/** The session after each of `told`, from the beginning on. */
function sessions(told = events, userId = 7): CheckoutSession[] {
  const limits = { reserveMs: 30_000, paymentMs: 60_000 };
  const start = {
    checkoutId: checkoutIdFor(userId, 'a key'),
    userId,
    idempotencyKey: 'a key',
    currency: 'USD',
    limits,
    at,
  };
  let { session } = beginSaga({ ...start, shippingAddress: { city: 'Bern' }, paymentMethod: 'card' });
  return [session, ...told.map((event) => ({ session } = advanceSaga(session, event)).session)];
}

describe('checkouts in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let store: PostgresStateStore<CheckoutState>;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    store = new PostgresStateStore({ pool, table: checkoutTable });
  });
  after(async () => {
    await store.close();
    await pool.end();
    await database.drop();
  });

  it('gives back what there was too little of', async () => {
    const [id, session] = [checkoutIdFor(8, 'a key'), sessions(unsold, 8).at(-1) ?? null];
    const record = { state: { session }, applied: [], effects: [], waiting: [] };
    await store.write({ key: id, expectedVersion: 0, record, events: [], now: at });
    const stored = CheckoutState.parse((await store.load(id))?.record.state);
    expect(stored.session?.context).to.deep.include({ status: 'FAILED', failureDetails: shortages });
  });

  it('gives back every state of a checkout as it was', async () => {
    for (const [version, session] of sessions().entries()) {
      const record = { state: { session }, applied: [], effects: [], waiting: [] };
      expect(await store.write({ key, expectedVersion: version, record, events: [], now: at })).to.equal(
        true,
      );
      const stored = await store.load(key);
      const parsed = CheckoutState.parse(stored?.record.state);
      expect(JSON.parse(JSON.stringify(parsed))).to.deep.equal(JSON.parse(JSON.stringify({ session })));
      if (session.value === 'reserving') expect(parsed.session?.journal).not.to.deep.equal([]);
    }
  });

  it('gives back a checkout that a release without journals stored', async () => {
    await pool.query(
      `UPDATE checkout_sessions SET machine_snapshot = machine_snapshot - 'journal' WHERE id = $1`,
      [key],
    );
    const { session } = CheckoutState.parse((await store.load(key))?.record.state);
    expect([session?.value, session?.journal]).to.deep.equal(['completed', undefined]);
  });

  it('lists those of a buyer by their index, whatever page and status', async () => {
    const single = createPostgresPool(database.url, { max: 1 });
    const plans: string[] = [];
    const explaining = {
      query: async (text: string, values: unknown[]) => {
        await single.query(`DEALLOCATE ALL; PREPARE kept AS ${text}`);
        const nulls = values.map(() => 'NULL').join();
        const { rows } = await single.query<Record<string, string>>(`EXPLAIN EXECUTE kept (${nulls})`);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    } as unknown as PostgresPool;
    try {
      // A table as small as this one is read as a whole otherwise.
      await single.query('SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off');
      // As for any parameters: those of an EXPLAIN would be looked at.
      await single.query('SET plan_cache_mode = force_generic_plan');
      await createPostgresBuyerCheckouts(explaining).list(7, { pageSize: 2, status: 'FAILED' });
    } finally {
      await single.end();
    }
    expect(plans).to.have.length(1);
    for (const plan of plans) expect(plan).to.contain('checkout_sessions_by_user').and.not.contain('Sort');
  });

  it('has the columns that others read', async () => {
    const { rows } = await pool.query('SELECT * FROM checkout_sessions WHERE id = $1', [key]);
    expect(rows[0]).to.deep.include({
      user_id: '7',
      status: 'COMPLETED',
      idempotency_key: 'a key',
      inventory_reservation_id: 'r',
      payment_id: 'p',
      total_amount: '9999999999.99',
      currency: 'USD',
      shipping_address: { city: 'Bern' },
      payment_method: 'card',
      failure_reason: null,
      cart_snapshot: [{ product_id: 1, product_name: 'Läptöp "漢"', quantity: 2, unit_price_cents: 129_999 }],
      completed_at: new Date(at),
    });
  });

  it('forgets those that ended long ago: failed ones, and completed ones that have an order', async () => {
    const all = sessions();
    const [begun, completed] = [all[0]!, all.at(-1)!];
    const failed = {
      ...completed,
      value: 'failed',
      context: { ...completed.context, status: 'FAILED' as const },
    };
    const put = async (name: string, session: CheckoutSession, now: number) => {
      const context = {
        ...session.context,
        checkoutId: checkoutIdFor(9, name),
        userId: 9,
        idempotencyKey: name,
      };
      const record = { state: { session: { ...session, context } }, applied: [], effects: [], waiting: [] };
      await store.write({ key: context.checkoutId, expectedVersion: 0, record, events: [], now });
    };
    const order = (name: string) =>
      pool.query(
        `INSERT INTO orders (id, checkout_id, user_id, status, items, total_amount, currency, version, runtime,
           created_at, updated_at) VALUES (gen_random_uuid(), $1, 9, 'CONFIRMED', '[]', 0, 'USD', 1, '{}', now(), now())`,
        [checkoutIdFor(9, name)],
      );
    await put('old, failed', failed, at);
    await put('old, ordered', completed, at);
    await order('old, ordered');
    await put('old, without an order', completed, at);
    await put('old, under way', begun, at);
    await put('young', failed, at + 2);
    // By two at once: neither waits for the other.
    await Promise.all([removeEndedCheckouts(pool, at + 1), removeEndedCheckouts(pool, at + 1)]);
    const { rows } = await pool.query<{ key: string }>(
      'SELECT idempotency_key AS key FROM checkout_sessions WHERE user_id = 9 ORDER BY 1',
    );
    expect(rows.map((row) => row.key)).to.deep.equal(['old, under way', 'old, without an order', 'young']);
    expect(await removeEndedCheckouts(pool, at + 1)).to.equal(0);
  });

  it('refuses to store what has not begun', async () => {
    const record = { state: { session: null }, applied: [], effects: [], waiting: [] };
    const written = await store
      .write({ key: checkoutIdFor(8, 'x'), expectedVersion: 0, record, events: [], now: at })
      .then(
        () => 'written',
        (error: unknown) => (error as Error).message,
      );
    expect(written).to.match(/has not begun/);
  });
});
