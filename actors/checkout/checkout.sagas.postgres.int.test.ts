import { expect } from 'chai';
import { codeOf, type ActorRefs } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { checkoutIdFor } from './checkout.contract.ts';
import type { CheckoutEvent } from './checkout.events.ts';
import { moveStatements } from './checkout.moves.postgres.ts';
import { advanceSaga, beginSaga } from './checkout.saga.ts';
import { createCheckoutSagas } from './checkout.sagas.postgres.ts';
import type { CheckoutState } from './checkout.state.ts';
import { checkoutTable } from './checkout.store.postgres.ts';

const at = Date.parse('2026-01-01T00:00:00Z');
const priced: CheckoutEvent = {
  type: 'ClaimAndPrice.done',
  at,
  lines: [{ productId: 1, quantity: 2, productName: 'Laptop', unitPriceCents: 100 }],
  totalCents: 200,
  cartVersion: 3,
};
const reserved: CheckoutEvent = { type: 'Reserve.done', at: at + 5, reservationId: 'r' };
const charged: CheckoutEvent = { type: 'Charge.done', at: at + 10, paymentId: 'p' };
const lost: CheckoutEvent = { type: 'Confirm.unknown', at: at + 20, code: 'unavailable', message: 'no line' };
const confirmed: CheckoutEvent = { type: 'Confirm.done', at: at + 20 };
const declined: CheckoutEvent = { type: 'Charge.declined', at: at + 10, reason: 'no_funds' };
const released: CheckoutEvent[] = [
  { type: 'Release.done', at: at + 11 },
  { type: 'ReleaseClaim.done', at: at + 12 },
];

const traceOfSold = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('checkouts as operators see them', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let pool: PostgresPool;
  let store: PostgresStateStore<CheckoutState>;
  const clock = { now: () => at + 1_000 };
  const refs: ActorRefs = { ref: () => ({}) as never };
  const written = new Map<string, number>();

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

  /** As its actor would write it; the time of the write is that of the last event. */
  async function put(name: string, ...events: CheckoutEvent[]): Promise<string> {
    const checkoutId = checkoutIdFor(7, name);
    const limits = { reserveMs: 30_000, paymentMs: 60_000 };
    const begun = { checkoutId, userId: 7, idempotencyKey: name, currency: 'USD', limits, at };
    let step = beginSaga(begun, name === 'sold' ? traceOfSold : undefined);
    for (const event of events) step = advanceSaga(step.session, event);
    const now = events.at(-1)?.at ?? at;
    const [wanted] = step.commands.filter((command) => command.type === 'perform');
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const effects =
      wanted === undefined
        ? []
        : [
            {
              id: 'step',
              run: 'r',
              name: wanted.step,
              input: {},
              notBefore: now + wanted.delayMs,
              traceparent,
            },
          ];
    const record = { state: { session: step.session }, applied: [], effects, waiting: [] };
    const expectedVersion = written.get(checkoutId) ?? 0;
    expect(await store.write({ key: checkoutId, expectedVersion, record, events: [], now })).to.equal(true);
    written.set(checkoutId, expectedVersion + 1);
    return checkoutId;
  }
  const sagas = () => createCheckoutSagas({ pool, refs, clock });

  it('tells how many are where, and each event once, whatever is written again', async () => {
    const look = sagas().looker();
    await put('charging', priced, reserved);
    await put('hangs', priced, reserved, charged, lost);
    await put('sold', priced, reserved, charged, confirmed);
    await put('declined', priced, reserved, declined, ...released);
    const first = await look();
    const { rows } = await pool.query<{ state: string; count: number }>(
      `SELECT machine_snapshot ->> 'value' AS state, count(*)::int AS count FROM checkout_sessions
       WHERE status NOT IN ('COMPLETED', 'FAILED') GROUP BY 1 ORDER BY 1`,
    );
    const running = first.running.map(({ state, count }) => ({ state, count }));
    expect(running.sort((a, b) => a.state.localeCompare(b.state))).to.deep.equal(rows);
    expect(first.isCut).to.equal(false);
    expect(first.moves).to.have.length(2 + 4 + 4 + 5);
    expect(first.moves.find(({ event }) => event === 'Charge.declined')).to.deep.equal({
      version: '1',
      from: 'charging',
      event: 'Charge.declined',
      to: 'compensating.releasing',
      at: at + 10,
    });
    expect((await look()).moves).to.deep.equal([]);
    await put('hangs', priced, reserved, charged, lost, { ...lost, at: at + 30 });
    expect((await look()).moves).to.deep.equal([
      { version: '1', from: 'confirming', event: 'Confirm.unknown', to: 'confirming', at: at + 30 },
    ]);
  });

  it('lists those in a state, page by page, and those that have ended', async () => {
    for (const name of ['second', 'third']) await put(name, priced, { ...reserved, at: at + 40 });
    const place = { version: '1', state: 'charging' };
    const first = await sagas().list(place, { limit: 2 });
    const rest = await sagas().list(place, { limit: 2, cursor: first.cursor });
    expect([...first.items, ...rest.items].map(({ id }) => id)).to.have.members(
      ['charging', 'second', 'third'].map((name) => checkoutIdFor(7, name)),
    );
    expect(first.items[0]?.id, 'the longest there first').to.equal(checkoutIdFor(7, 'charging'));
    const newest = await sagas().list(place, { limit: 1, order: 'newest' });
    expect(newest.items[0]?.id).not.to.equal(checkoutIdFor(7, 'charging'));
    expect((await sagas().list({ version: '0', state: 'charging' }, {})).items).to.deep.equal([]);
    const failed = await sagas().list({ version: '1', state: 'failed' }, {});
    expect(failed.items.map(({ id, failure }) => [id, failure])).to.deep.equal([
      [checkoutIdFor(7, 'declined'), 'payment_declined: no_funds'],
    ]);
    const refused = await sagas()
      .list(place, { cursor: 'nonsense' })
      .catch((error: unknown) => codeOf(error));
    expect(refused).to.equal('invalid_page_token');
  });

  it('tells what is stuck: on which step, since when, what was tried, and when again', async () => {
    const { items } = await sagas().stuck({});
    expect(items.map(({ id }) => id)).to.deep.equal([checkoutIdFor(7, 'hangs')]);
    expect(items[0]?.waits).to.deep.equal({
      step: 'Confirm',
      label: 'Confirm the sale',
      attempts: 2,
      since: at + 10,
      nextTryAt: at + 30 + 400,
      error: { code: 'unavailable', message: 'no line' },
    });
    // Whoever waits for one answer for long is stuck as well.
    const later = createCheckoutSagas({ pool, refs, clock: { now: () => at + 60_000 } });
    expect((await later.stuck({})).items).to.have.length(4);
    expect(await later.countStuck()).to.deep.equal({ count: 4, firstBegan: at + 5 });
    expect(await sagas().countStuck()).to.deep.equal({ count: 1, firstBegan: at + 20 });
  });

  it('shows one with the context at each step, its trace, and what may be done', async () => {
    const id = checkoutIdFor(7, 'hangs');
    const course = await sagas().one(id);
    expect(course?.steps.map(({ event, state, attempt, error }) => [event, state, attempt, error?.message])) //
      .to.deep.equal([
        [undefined, 'pricing', undefined, undefined],
        ['ClaimAndPrice.done', 'reserving', undefined, undefined],
        ['Reserve.done', 'charging', undefined, undefined],
        ['Charge.done', 'confirming', undefined, undefined],
        ['Confirm.unknown', 'confirming', 1, 'no line'],
        ['Confirm.unknown', 'confirming', 2, 'no line'],
      ]);
    expect(course?.steps.map(({ context }) => context?.totalCents)).to.deep.equal([
      0, 200, 200, 200, 200, 200,
    ]);
    expect(course?.traceId).to.equal('0af7651916cd43dd8448eb211c80319c');
    expect(course?.summary).to.include({ mayResume: true, mayCompensate: true });
    expect((await sagas().one(checkoutIdFor(7, 'sold')))?.summary).to.include({
      mayResume: false,
      mayCompensate: false,
    });
    expect((await sagas().one(checkoutIdFor(7, 'sold')))?.traceId).to.equal(traceOfSold);
    expect(await sagas().one('no id')).to.equal(undefined);
    expect((await sagas().find(id)).map((found) => found.id)).to.deep.equal([id]);
    expect(await sagas().find('7')).to.have.length(written.size);
    expect(await sagas().find('nobody')).to.deep.equal([]);
  });

  it('shows one of which an earlier release kept no journal', async () => {
    const id = checkoutIdFor(7, 'sold');
    await pool.query(
      `UPDATE checkout_sessions SET machine_snapshot = machine_snapshot - 'journal' WHERE id = $1`,
      [id],
    );
    const course = await sagas().one(id);
    expect(course?.steps.map(({ state, context }) => [state, context?.status])).to.deep.equal([
      ['completed', 'COMPLETED'],
    ]);
    expect(course?.notes.map(({ text }) => text)).to.deep.equal([
      'INITIATED',
      'INVENTORY_RESERVED',
      'PAYMENT_PENDING',
      'PAYMENT_COMPLETED',
      'COMPLETED',
    ]);
    expect((await sagas().looker()()).moves.length).to.be.greaterThan(0);
  });

  it('hides none behind a row that it cannot read, and tells of that', async () => {
    const broken = checkoutIdFor(7, 'hangs');
    const stuckBefore = (await sagas().stuck({})).items;
    const { rows } = await pool.query<{ machine_snapshot: unknown }>(
      'SELECT machine_snapshot FROM checkout_sessions WHERE id = $1',
      [broken],
    );
    const write = (path: string, value: unknown) =>
      pool.query(
        `UPDATE checkout_sessions SET machine_snapshot = jsonb_set(machine_snapshot, $2, $3) WHERE id = $1`,
        [broken, path, JSON.stringify(value)],
      );
    const before = await sagas().looker()();
    const countOf = (looked: typeof before) => looked.running.reduce((sum, { count }) => sum + count, 0);
    expect(before.unreadable).to.equal(0);

    await write('{context,retries}', 'many');
    const stuck = (await sagas().stuck({})).items;
    expect(stuck.map(({ id }) => id)).to.deep.equal(stuckBefore.map(({ id }) => id));
    expect(stuck.find(({ id }) => id === broken)).to.deep.include({
      ...{ state: 'confirming', version: '1', subject: 'user 7', ended: false },
      ...{ mayResume: false, mayCompensate: false },
      unreadable: 'session.context.retries: Invalid input: expected number, received string',
    });
    expect(await sagas().countStuck()).to.include({ count: stuckBefore.length });
    expect((await sagas().find('7')).length).to.equal(written.size);
    expect((await sagas().one(broken))?.steps.map(({ state }) => state)).to.deep.equal(['confirming']);

    // What tells how many are where needs less of it.
    expect(await sagas().looker()()).to.deep.equal(before);
    await write('{journal}', 'none');
    const lost = await sagas().looker()();
    expect([countOf(lost), lost.unreadable]).to.deep.equal([countOf(before), 1]);
    await write('{value}', 7);
    const look = sagas().looker();
    const placeless = await look();
    expect([countOf(placeless), placeless.unreadable]).to.deep.equal([countOf(before) - 1, 1]);

    await pool.query('UPDATE checkout_sessions SET machine_snapshot = $2 WHERE id = $1', [
      broken,
      JSON.stringify(rows[0]?.machine_snapshot),
    ]);
    const again = await look();
    expect([countOf(again), again.unreadable]).to.deep.equal([countOf(before), 0]);
  });

  it('reads each of these by an index, among very many that have ended', async () => {
    await pool.query(
      `INSERT INTO checkout_sessions (id, user_id, status, idempotency_key, currency, cart_snapshot, machine_snapshot,
         history, version, runtime, created_at, updated_at)
       SELECT gen_random_uuid(), 1000 + n, CASE WHEN n % 1000 = 0 THEN 'FAILED' ELSE 'COMPLETED' END, n::text, 'USD',
         cart_snapshot, machine_snapshot, history, 1, runtime, $2::timestamptz - n * interval '1 s',
         $2::timestamptz - n * interval '1 s'
       FROM checkout_sessions, generate_series(1, 100000) AS n WHERE id = $1`,
      [checkoutIdFor(7, 'sold'), new Date(at)],
    );
    for (const analyzed of [false, true]) {
      if (analyzed) await pool.query('ANALYZE checkout_sessions');
      const statements = new Map<string, readonly unknown[]>([
        [moveStatements.running, []],
        [moveStatements.movedOpen, [new Date(at - 60_000)]],
        [moveStatements.movedEnded, [new Date(at - 60_000)]],
      ]);
      const recording = {
        query: (text: string, values: readonly unknown[]) => {
          statements.set(text, values);
          return pool.query(text, [...values]);
        },
      } as unknown as PostgresPool;
      const recorded = createCheckoutSagas({ pool: recording, refs, clock });
      await recorded.stuck({});
      await recorded.countStuck();
      for (const state of ['completed', 'failed', 'confirming', 'compensating.refunding']) {
        const { cursor } = await recorded.list({ version: '1', state }, { limit: 1 });
        if (cursor !== undefined) await recorded.list({ version: '1', state }, { limit: 1, cursor });
      }
      await recorded.find('7');
      await recorded.one(checkoutIdFor(7, 'hangs'));
      expect(statements.size).to.be.at.least(10);
      for (const [text, values] of statements) {
        const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values]);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan, `${analyzed ? 'analyzed' : 'new'}: ${text}`)
          .to.contain('Index')
          .and.not.contain('Seq Scan');
      }
    }
  });
});
