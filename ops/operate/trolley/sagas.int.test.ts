import { expect } from 'chai';
import type { ActorCluster, ParkedActor } from '@trolley/runtime';
import { createPostgresPool, type PostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { checkoutIdFor } from '../../../actors/checkout/checkout.contract.ts';
import type { CheckoutEvent } from '../../../actors/checkout/checkout.events.ts';
import { advanceSaga, beginSaga } from '../../../actors/checkout/checkout.saga.ts';
import type { CheckoutState } from '../../../actors/checkout/checkout.state.ts';
import { checkoutTable } from '../../../actors/checkout/checkout.store.postgres.ts';
import { operatorName } from './operator-name.ts';
import { openTestTrolley, type TestTrolley } from './testing/test-trolley.ts';

describe('npm run trolley on checkouts', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let store: PostgresStateStore<CheckoutState>;
  let trolley: TestTrolley;
  let stuck: string;
  let orders: unknown[];
  let resting: ParkedActor | undefined;

  before(async () => {
    database = await createTestDatabase();
    pool = createPostgresPool(database.url);
    store = new PostgresStateStore({ pool, table: checkoutTable });
    stuck = await hang();
  });
  after(async () => {
    await store.close();
    await pool.end();
    await database.drop();
  });
  beforeEach(() => {
    orders = [];
    const actor = (key: string) => ({
      resume: async (input: unknown) => orders.push(['resume', key, input]),
      compensate: async (input: unknown) => orders.push(['compensate', key, input]),
    });
    const refs = { ref: (_contract: unknown, key: string) => actor(key) };
    resting = undefined;
    const parked = { get: async (_contract: unknown, key: string) => (key === stuck ? resting : undefined) };
    trolley = openTestTrolley({ postgres: pool, cluster: { refs, parked } as unknown as ActorCluster });
  });

  /** A paid checkout whose confirmation gets no answer, as its actor would have written it. */
  async function hang(): Promise<string> {
    const at = Date.now() - 120_000;
    const [userId, idempotencyKey] = [7, 'hangs'];
    const checkoutId = checkoutIdFor(userId, idempotencyKey);
    const limits = { reserveMs: 30_000, paymentMs: 60_000 };
    const line = { productId: 1, quantity: 2, productName: 'Laptop', unitPriceCents: 100 };
    const events: CheckoutEvent[] = [
      { type: 'ClaimAndPrice.done', at, lines: [line], totalCents: 200, cartVersion: 3 },
      { type: 'Reserve.done', at: at + 5, reservationId: 'r' },
      { type: 'Charge.done', at: at + 10, paymentId: 'p' },
      { type: 'Confirm.unknown', at: at + 20, code: 'unavailable', message: 'no line' },
    ];
    const began = beginSaga({ checkoutId, userId, idempotencyKey, currency: 'USD', limits, at });
    const { session } = events.reduce((step, event) => advanceSaga(step.session, event), began);
    const effect = { id: 'step', run: 'r', name: 'Confirm', input: {}, notBefore: at + 5_000 };
    const record = { state: { session }, applied: [], effects: [effect], waiting: [] };
    await store.write({ key: checkoutId, expectedVersion: 0, record, events: [], now: at + 20 });
    return checkoutId;
  }

  it('tells how many are where', async () => {
    const { items } = await trolley.json('sagas');
    expect(items).to.deep.equal([{ version: items[0]?.['version'], state: 'confirming', count: 1 }]);
  });

  it('says of one whose actor is parked since when and why', async () => {
    resting = {
      type: 'checkout',
      key: stuck,
      reason: 'no such state',
      attempts: 3,
      at: Date.now() - 3_600_000,
    };
    expect(await trolley.run('sagas stuck')).to.equal(0);
    const cells = trolley.lines[0]?.split('\t') ?? [];
    expect(cells.slice(4)).to.deep.equal(['its release (parked)', '60 min', '3', '-', 'no such state']);
  });

  it('lists the stuck ones with the step, since when and why, and shows one whole', async () => {
    expect(await trolley.run('sagas stuck')).to.equal(0);
    const cells = trolley.lines[0]?.split('\t') ?? [];
    expect([cells[0], cells[1], cells[2], cells[5], cells[6]]).to.deep.equal([
      stuck,
      'user 7',
      'confirming',
      '2 min',
      '1',
    ]);
    expect(cells.at(-1)).to.include('no line');
    expect((await trolley.json('sagas find 7')).items.map(({ id }) => id)).to.deep.equal([stuck]);
    expect(await trolley.run('sagas find 8')).to.equal(1);
    const [course] = (await trolley.json(`sagas show ${stuck}`)).items;
    expect(course?.['summary']).to.deep.include({ mayResume: true, mayCompensate: true });
    expect(await trolley.run('sagas show 00000000-0000-4000-8000-000000000001')).to.equal(1);
    const alone = openTestTrolley({ postgres: pool });
    await alone.run('top');
    expect(alone.lines.join('\n')).to.match(new RegExp(`STUCK CHECKOUTS\n.*\n {2}${stuck}`));
  });

  it('lists those in a state, of a version and in the order that is asked for', async () => {
    const ids = async (words: string) => (await trolley.json(words)).items.map(({ id }) => id);
    expect(await ids('sagas list confirming')).to.deep.equal([stuck]);
    expect(await ids('sagas list confirming --order newest --limit 1')).to.deep.equal([stuck]);
    expect(await ids('sagas list charging')).to.deep.equal([]);
    expect(await ids('sagas list confirming --machine-version 0')).to.deep.equal([]);
    expect(await ids('sagas list completed')).to.deep.equal([]);
    expect(await trolley.problem('sagas list')).to.match(/^Say in which state: pricing, reserving,/);
    expect(await trolley.problem('sagas list paying')).to.match(
      /^There is no state paying: it is one of pric/,
    );
    expect(await trolley.problem('sagas list charging --order best')).to.match(
      /--order goes with oldest, newest/,
    );
  });

  it('resumes one, and gives one up with a reason, on record', async () => {
    expect(await trolley.run(`sagas resume ${stuck}`)).to.equal(0);
    expect(await trolley.problem(`sagas compensate ${stuck}`)).to.match(/^Say why: --because/);
    expect(await trolley.runWords(['sagas', 'compensate', stuck, '--because', 'the stock is gone'])).to.equal(
      0,
    );
    const by = operatorName();
    expect(orders).to.deep.equal([
      ['resume', stuck, { by }],
      ['compensate', stuck, { reason: 'the stock is gone', by }],
    ]);
    expect(trolley.audited).to.deep.equal([
      { action: 'resume checkout', target: `checkout/${stuck}` },
      {
        action: 'compensate checkout',
        target: `checkout/${stuck}`,
        details: { reason: 'the stock is gone' },
      },
    ]);
  });

  it('says what is wrong', async () => {
    expect(await trolley.problem('sagas show')).to.match(/^Say which: the ID of a checkout/);
    expect(await trolley.problem('sagas find')).to.match(/^Say whose/);
    expect(await trolley.problem('sagas stuck --limit 0')).to.match(/--limit goes with/);
    const refused = await trolley.run('sagas resume 7').catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'not_found');
  });
});
