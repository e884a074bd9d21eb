import { expect } from 'chai';
import { codeOf } from '../../runtime/define/errors.ts';
import { createPostgresPool, type PostgresPool } from '../../runtime/storage/postgres/postgres-pool.ts';
import { PostgresStateStore } from '../../runtime/storage/postgres/postgres-state-store.ts';
import { createTestDatabase, type TestDatabase } from '../../runtime/testing/test-servers.ts';
import { encodeCheckoutCompleted } from '../checkout/checkout-completed.ts';
import { checkoutIdFor } from '../checkout/checkout.contract.ts';
import type { OrderView } from './order.contract.ts';
import { createPostgresOrderQueries } from './order.queries.postgres.ts';
import type { OrderQueries } from './order.queries.ts';
import { orderOf, viewOf, type Order, type OrderState } from './order.state.ts';
import { orderTable } from './order.store.postgres.ts';

const begun = Date.parse('2026-01-01T00:00:00.123Z');

function orderAt(userId: number, n: number, now: number): Order {
  const event = encodeCheckoutCompleted({
    checkoutId: checkoutIdFor(userId, `key ${n}`),
    userId,
    lines: [{ productId: n + 1, productName: 'Läptöp "漢"', quantity: 2, unitPriceCents: 129_999 }],
    totalCents: 259_998,
    currency: 'USD',
    completedAt: now,
    ...(n % 2 === 0 ? {} : { shippingAddress: { city: 'Bern' } }),
  });
  return orderOf(event, now);
}

describe('orders in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let store: PostgresStateStore<OrderState>;
  let queries: OrderQueries;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    store = new PostgresStateStore({ pool, table: orderTable });
    queries = createPostgresOrderQueries(pool);
  });
  after(async () => {
    await store.close();
    await pool.end();
    await database.drop();
  });

  async function put(order: Order, expectedVersion = 0): Promise<void> {
    const record = { state: { order }, applied: [], effects: [], waiting: [] };
    const now = order.updatedAt;
    const written = await store.write({ key: order.checkoutId, expectedVersion, record, events: [], now });
    expect(written).to.equal(true);
  }

  it('gives an order back as it was, to the actor and to a reader', async () => {
    const order = orderAt(7, 1, begun);
    await put(order);
    expect((await store.load(order.checkoutId))?.record.state).to.deep.equal({ order });
    expect(await queries.get(order.id)).to.deep.equal(viewOf(order));
    const cancelled: Order = { ...order, status: 'CANCELLED', refunded: true, updatedAt: begun + 5 };
    await put(cancelled, 1);
    expect((await store.load(order.checkoutId))?.record.state).to.deep.equal({ order: cancelled });
    expect(await queries.get(order.id)).to.deep.equal(viewOf(cancelled));
  });

  it('knows no other order', async () => {
    expect(await queries.get(checkoutIdFor(1, 'none'))).to.equal(undefined);
    expect(await queries.get('x')).to.equal(undefined);
    expect(await queries.list(1, { pageSize: 1 })).to.deep.equal({ orders: [] });
  });

  it('pages through the orders of one user, newest first, also those of the same millisecond', async () => {
    for (let n = 0; n < 9; n++) await put(orderAt(8, n, begun + Math.floor(n / 3)));
    await put(orderAt(9, 1, begun));
    const all = (await queries.list(8, { pageSize: 500 })).orders;
    expect(all.length).to.equal(9);
    const times = all.map((order) => order.createdAt);
    expect(times).to.deep.equal([...times].sort().reverse());

    for (const pageSize of [1, 2, 3, 4, 8, 9, 20]) {
      const paged: OrderView[] = [];
      let pageToken: string | undefined;
      do {
        const page = await queries.list(8, { pageSize, ...(pageToken === undefined ? {} : { pageToken }) });
        expect(page.orders.length).to.be.within(1, pageSize);
        paged.push(...page.orders);
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      expect(paged, `pages of ${pageSize}`).to.deep.equal(all);
    }
  });

  it('refuses a token that it did not give', async () => {
    const id = checkoutIdFor(1, 'x');
    const tooLate = Date.UTC(10_000, 0, 1);
    const times = [tooLate, tooLate + 1, 8.64e15, 8.64e15 + 1, 2 ** 53, 1e300, -1, -8.64e15, 0.5, '1', null];
    const forged = [
      ...times.map((time) => [time, id]),
      [1, 'x'],
      [1, `${id}\0`],
      [1],
      [1, id, 1],
      {},
      null,
      1,
    ];
    const tokens = [
      '',
      'x',
      '%%%',
      ...forged.map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    ];
    for (const pageToken of tokens) {
      const code = await queries.list(8, { pageSize: 1, pageToken }).then(() => 'none', codeOf);
      expect(code, pageToken).to.equal('invalid_page_token');
    }
    for (const time of [0, tooLate - 1]) {
      const pageToken = Buffer.from(JSON.stringify([time, id])).toString('base64url');
      expect((await queries.list(8, { pageSize: 100, pageToken })).orders.length).to.equal(
        time === 0 ? 0 : 9,
      );
    }
  });

  it('finds a page by its index, wherever it begins', async () => {
    const first = await queries.list(8, { pageSize: 2 });
    const plans: string[] = [];
    const single = createPostgresPool(database.url, { max: 1 });
    const explaining = {
      query: async (text: string, values: unknown[]) => {
        const { rows } = await single.query<Record<string, string>>(`EXPLAIN ${text}`, values);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    } as unknown as PostgresPool;
    try {
      // A table as small as this one is read as a whole otherwise.
      await single.query('SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off');
      const explained = createPostgresOrderQueries(explaining);
      await explained.list(8, { pageSize: 2 });
      await explained.list(8, { pageSize: 2, pageToken: first.nextPageToken });
    } finally {
      await single.end();
    }
    for (const plan of plans) expect(plan).to.contain('orders_by_user').and.not.contain('Sort');
    expect(plans[1]).to.match(/Index Cond: .*created_at <=/);
  });
});
