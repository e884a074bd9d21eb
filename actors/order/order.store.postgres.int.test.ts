import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { CheckoutCompleted, encodeCheckoutCompleted } from '../checkout/checkout-completed.ts';
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

/** An event whose form is right, so that what it says reaches the store. */
function mostlyRight<E extends { items: readonly unknown[] }>(event: E) {
  const line = { product_id: 1, quantity: 1, unit_price: 0.01, subtotal: 0.01 };
  const items = event.items.map((item) => ({ ...(item as object), ...line }));
  const right = { checkout_id: randomUUID(), user_id: '1', total_amount: 0.01, currency: 'USD' };
  return { ...event, ...right, items: items.length === 0 ? [{ ...line, product_name: '' }] : items };
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

  it('reads pages that are asked for at once in few statements, and gives each asker its own', async () => {
    const users = Array.from({ length: 40 }, (_, index) => 100 + index);
    for (const user of users)
      for (const n of [0, 1, 2].slice(user % 4)) await put(orderAt(user, n, begun + n));
    let statements = 0;
    const counting: PostgresPool = {
      ...pool,
      queryTexts: (text, values) => {
        statements += 1;
        return pool.queryTexts(text, values);
      },
    };
    const together = createPostgresOrderQueries(counting);
    const { nextPageToken } = await queries.list(8, { pageSize: 4 });
    const asked = [
      ...users.map((user) => [user, { pageSize: (user % 3) + 1 }] as const),
      [8, { pageSize: 4, pageToken: nextPageToken }] as const,
      [8, { pageSize: 500 }] as const,
    ];
    const given = await Promise.all(asked.map(([user, page]) => together.list(user, page)));
    expect(statements).to.be.at.most(3);
    for (const [index, [user, page]] of asked.entries())
      expect(given[index], `user ${user}`).to.deep.equal(await queries.list(user, page));
  });

  it('stores any order that an event makes, whatever stands in the event', async () => {
    const text = fc.oneof(
      fc.constantFrom(
        '',
        'USD',
        'a\0b',
        '\0',
        '\ud800',
        '\udc00a',
        '\ufffe',
        'x'.repeat(513),
        'x'.repeat(10_000),
        '__proto__',
      ),
      fc.string({ unit: 'binary' }),
    );
    const count = fc.constantFrom(1, 2, 99, 2 ** 31, Number.MAX_SAFE_INTEGER, 2 ** 53, 0, -1, 1.5);
    const amount = fc.constantFrom(
      0,
      0.01,
      1299.99,
      9_999_999_999.99,
      10_000_000_000,
      1e13,
      1e300,
      0.001,
      -0.01,
      -0,
      5e-324,
    );
    const given = fc.record({
      checkout_id: fc.oneof(fc.uuid(), fc.uuid().map((id) => id.toUpperCase()), text),
      user_id: fc.constantFrom('1', '9007199254740991', '9007199254740992', '9999999999999999', '0', '-1', '1\0'),
      items: fc.array(fc.record({ product_id: count, product_name: text, quantity: count, unit_price: amount, subtotal: amount }), { maxLength: 2 }),
      total_amount: amount,
      currency: text,
      completed_at: text,
      shipping_address: fc.oneof(fc.constant({}), fc.dictionary(text, text, { maxKeys: 3 })),
    }); // prettier-ignore
    let now = begun;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          given,
          given.map((event) => mostlyRight(event)),
        ),
        async (value) => {
          const event = CheckoutCompleted.safeParse(value);
          if (!event.success) return;
          let order: Order;
          // The same id may be drawn twice. No row of an order has the version and the time of another one.
          now += 1;
          try {
            order = orderOf(event.data, now);
          } catch (error) {
            expect(codeOf(error), String(error)).to.equal('invalid_request');
            return;
          }
          await pool.query('DELETE FROM orders WHERE checkout_id = $1', [order.checkoutId]);
          await put(order);
          expect(await queries.get(order.id)).to.deep.equal(viewOf(order));
        },
      ),
    );
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
      queryTexts: async (text: string, values: unknown[]) => {
        await single.query(`DEALLOCATE ALL; PREPARE kept AS ${text}`);
        const nulls = values.map(() => 'NULL').join();
        const { rows } = await single.query<Record<string, string>>(`EXPLAIN EXECUTE kept (${nulls})`);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return [];
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
