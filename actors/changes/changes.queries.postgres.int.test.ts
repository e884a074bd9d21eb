import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Client } from 'pg';
import { createPostgresPool, type PostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { createPostgresCheckoutChanges } from '../checkout/buyer-checkouts.queries.postgres.ts';
import { createPostgresOrderChanges } from '../order/order.queries.postgres.ts';
import { orderTable } from '../order/order.store.postgres.ts';
import type { OrderState } from '../order/order.state.ts';
import { isChangePosition, type Changes } from './changes.queries.ts';
import { changesStatement, createPostgresChanges } from './changes.queries.postgres.ts';

let users = 1000;

describe('changes in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let changes: Changes<string>;
  let userId: number;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    await pool.query(`CREATE TABLE things (
      id UUID PRIMARY KEY, user_id BIGINT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL DEFAULT 1,
      changed_in BIGINT NOT NULL DEFAULT pg_current_xact_id()::text::bigint)`);
    changes = createPostgresChanges({
      pool,
      table: 'things',
      columns: ['name'],
      viewOf: ({ name }) => (name === 'hidden' ? undefined : String(name)),
      pageSize: 3,
    });
  });
  beforeEach(() => (userId = users += 1));
  after(async () => {
    await pool.end();
    await database.drop();
  });

  const put = (name: string, client: Pick<Client, 'query'> = pool as unknown as Client, of = userId) =>
    client.query('INSERT INTO things (id, user_id, name) VALUES ($1, $2, $3)', [randomUUID(), of, name]);
  const rename = (name: string, to: string) =>
    pool.query(
      'UPDATE things SET name = $3, version = version + 1, changed_in = DEFAULT WHERE user_id = $1 AND name = $2',
      [userId, name, to],
    );
  const now = async () => (await changes.changedSince(userId, undefined)).next;

  /** All pages from a position on, with where to go on after them. */
  async function all(position: string): Promise<{ names: string[]; next: string; pages: number }> {
    const names: string[] = [];
    for (let pages = 1, next = position; ; pages++) {
      expect(isChangePosition(next), next).to.equal(true);
      const page = await changes.changedSince(userId, next);
      expect(page.isForeign).to.equal(false);
      names.push(...page.changed.map(({ view }) => view));
      next = page.next;
      if (!page.hasMore) return { names, next, pages };
    }
  }

  it('are nothing at first, then what was written and written anew, in that order', async () => {
    await put('before');
    const position = await now();
    expect((await all(position)).names).to.deep.equal([]);
    for (const name of ['a', 'b', 'c']) await put(name);
    await put('of another user', undefined, userId + 500);
    await put('hidden');
    await rename('a', 'a changed');
    await rename('before', 'before changed');
    expect((await all(position)).names).to.deep.equal(['b', 'c', 'a changed', 'before changed']);
    const { changed } = await changes.changedSince(userId, position);
    expect(changed.map(({ version }) => version)).to.deep.equal([1, 1]);
  });

  it('come in pages, of which each can be gone on from, also where one transaction fills several', async () => {
    const position = await now();
    await pool.query(
      `INSERT INTO things (id, user_id, name) SELECT gen_random_uuid(), $1, 'n' || n FROM generate_series(1, 10) n`,
      [userId],
    );
    await put('last');
    const { names, next, pages } = await all(position);
    expect([new Set(names).size, names.length, names.at(-1), pages]).to.deep.equal([11, 11, 'last', 4]);
    expect((await all(next)).names).to.deep.equal([]);
  });

  it('are never missed, in whatever order transactions end', async () => {
    const late = new Client(database.url);
    await late.connect();
    try {
      const position = await now();
      await late.query('BEGIN');
      await put('begun first, ended last', late);
      for (const name of ['a', 'b', 'c', 'd']) await put(name);
      // Also not between two pages.
      const first = await changes.changedSince(userId, position);
      expect(first.changed.map(({ view }) => view)).to.deep.equal(['a', 'b', 'c']);
      await late.query('COMMIT');
      const rest = await all(first.next);
      expect(rest.names).to.deep.equal(['d']);
      const { names, next } = await all(rest.next);
      expect(names).to.deep.equal(['begun first, ended last', 'a', 'b', 'c', 'd']);
      expect((await all(next)).names).to.deep.equal([]);
    } finally {
      await late.end();
    }
  });

  it('are not what was rolled back', async () => {
    const position = await now();
    const client = new Client(database.url);
    await client.connect();
    await client.query('BEGIN');
    await put('never', client);
    await client.end();
    await put('kept');
    expect((await all(position)).names).to.deep.equal(['kept']);
  });

  it('tell a position of another server, and take what was restored from one for old', async () => {
    await pool.query('INSERT INTO things (id, user_id, name, changed_in) VALUES ($1, $2, $3, $4)', [
      ...[randomUUID(), userId, 'restored', '888888888888888888'],
    ]);
    const foreign = '888888888888888887';
    const betweenPages = `${foreign}~${randomUUID()}~${foreign}`;
    const pages = await Promise.all(
      [foreign, betweenPages].map((position) => changes.changedSince(userId, position)),
    );
    expect((await all('0')).names).to.deep.equal([]);
    await put('new');
    for (const page of pages) {
      expect(page).to.deep.include({ changed: [], hasMore: false, isForeign: true });
      expect((await all(page.next)).names).to.deep.equal(['new']);
    }
  });

  it('are found for many users at once', async () => {
    const position = await now();
    const those = Array.from({ length: 100 }, (_, n) => 2_000_000 + n);
    for (const user of those) await put(`of ${user}`, undefined, user);
    const pages = await Promise.all(those.map((user) => changes.changedSince(user, position)));
    expect(pages.map(({ changed }) => changed.map(({ view }) => view))).to.deep.equal(
      those.map((user) => [`of ${user}`]),
    );
  });

  it('of a server that is away are an outage', async () => {
    const gone = createPostgresPool('postgres://nobody@127.0.0.1:1/none');
    const away = createPostgresOrderChanges(gone);
    const failure = await away.changedSince(1, '0').catch((error: unknown) => error);
    expect(failure).to.have.property('code', 'unavailable');
    await gone.end();
  });

  it('are found by an index, among however many', async () => {
    await pool.query(`INSERT INTO orders (id, checkout_id, user_id, status, items, total_amount, currency, version, runtime,
        created_at, updated_at)
      SELECT gen_random_uuid(), gen_random_uuid(), n % 50, 'CONFIRMED', '[]', 1, 'USD', 1, '{"effects":[]}', now(), now()
      FROM generate_series(1, 5000) n`);
    await pool.query('ANALYZE orders');
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN ${changesStatement('orders', ['status'], 100)}`,
      [[7], ['5'], [randomUUID()]],
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).to.match(/(using|on) orders_changed/);
  });

  it('are made by the stores of the actors, with each write', async () => {
    const store = new PostgresStateStore<OrderState>({ pool, table: orderTable });
    const orders = createPostgresOrderChanges(pool);
    const position = (await orders.changedSince(userId, undefined)).next;
    const order = {
      ...{ id: randomUUID(), checkoutId: randomUUID(), userId, status: 'CONFIRMED' as const, items: [] },
      ...{ totalCents: 100, currency: 'USD', refunded: false, restocked: false, createdAt: 1, updatedAt: 1 },
    };
    const write = (expectedVersion: number, status: 'CONFIRMED' | 'PROCESSING') => {
      const record = { state: { order: { ...order, status } }, applied: [], effects: [], waiting: [] };
      return store.write({ key: order.checkoutId, expectedVersion, record, events: [], now: 1 });
    };
    expect(await write(0, 'CONFIRMED')).to.equal(true);
    const first = await orders.changedSince(userId, position);
    expect(first.changed.map(({ view, version }) => [view.status, version])).to.deep.equal([
      ['CONFIRMED', 1],
    ]);
    expect(await write(1, 'PROCESSING')).to.equal(true);
    const second = await orders.changedSince(userId, first.next);
    expect(second.changed.map(({ view, version }) => [view.status, version])).to.deep.equal([
      ['PROCESSING', 2],
    ]);
    expect((await createPostgresCheckoutChanges(pool).changedSince(userId, position)).changed).to.deep.equal(
      [],
    );
    await store.close();
  });
});
