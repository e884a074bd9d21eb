import { expect } from 'chai';
import { ActorError, silentLogger, type ParkedActor } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { readMachine } from 'trolley-statechart';
import { createMachine } from 'xstate';
import type { SagaLook, SagaSource, SagaSummary } from '../sagas/saga-source.ts';
import { basic, startConsole, type TestConsole } from '../testing/test-console.ts';
import { sagaRoutes, sagaTroubles } from './saga-routes.ts';

/** A saga that is none of the shop's. */
const machine = createMachine({
  id: 'trip',
  version: '2',
  initial: 'booking',
  states: {
    booking: { on: { BOOKED: 'paying', LOST: {} } },
    paying: { initial: 'asking', states: { asking: { on: { PAID: '#trip.done' } } } },
    done: { type: 'final' },
  },
});
const chart = readMachine(machine);
const summary: SagaSummary = {
  ...{ id: 'a/b c', version: '2', state: 'paying.asking', subject: 'ann', startedAt: 1, changedAt: 5 },
  ...{ ended: false, mayResume: true, mayCompensate: true },
  waits: { step: 'Pay', attempts: 3, since: 2, error: { code: 'unavailable', message: 'no line' } },
};

/** As pages are told of it. */
const told = { ...summary, actor: { type: 'trip', key: summary.id } };

function createTrips() {
  const ordered: unknown[] = [];
  const looks: (() => Promise<SagaLook>)[] = [];
  let lookers = 0;
  const source: SagaSource = {
    machine: 'trip',
    actorType: 'trip',
    looker() {
      lookers += 1;
      return () => (looks.shift() ?? (async () => ({ running: [], moves: [], isCut: false })))();
    },
    list: async ({ state }) => ({ items: state === summary.state ? [summary] : [] }),
    stuck: async () => ({ items: [summary] }),
    find: async () => [summary],
    one: async (id) =>
      id !== summary.id
        ? undefined
        : {
            summary,
            steps: [
              { at: 1, state: 'booking', context: { price: 0 } },
              { event: 'BOOKED', at: 2, state: 'paying.asking', context: { price: 7 } },
            ],
            notes: [],
          },
    async resume(id, order) {
      if (id !== summary.id) throw new ActorError('not_found', 'there is no such trip');
      ordered.push({ id, ...order });
    },
    async compensate(id, reason, { by }) {
      ordered.push({ id, reason, by });
    },
  };
  return { source, ordered, looks, lookers: () => lookers };
}

/** What a cluster says of actors that rest. */
function createParked() {
  const found: { now: ParkedActor | undefined; isAway: boolean } = { now: undefined, isAway: false };
  return {
    found,
    parked: {
      async get({ type }: { readonly type: string }, key: string) {
        if (found.isAway) throw new ActorError('unavailable', 'Redis is away');
        return found.now?.type === type && found.now.key === key ? found.now : undefined;
      },
    },
  };
}

describe('sagas in the console', () => {
  let trips: ReturnType<typeof createTrips>;
  let resting: ReturnType<typeof createParked>['found'];
  let clock: FakeClock;
  let console: TestConsole;
  const asAnn = basic('ann', 'right');

  beforeEach(async () => {
    trips = createTrips();
    clock = new FakeClock();
    const { found, parked } = createParked();
    resting = found;
    const charts = { remember: async () => {}, of: async () => [chart] };
    const routes = sagaRoutes({
      ...{ sources: [trips.source], charts, parked, clock, logger: silentLogger, maxStreams: 2 },
    });
    console = await startConsole({ routes, troubles: [sagaTroubles(trips.source, parked)] });
  });
  afterEach(() => console.close());

  const get = (path: string) => console.send('GET', path, { headers: asAnn });

  it('shows any machine: its versions, its picture, who is where, and the path of one', async () => {
    expect((await get('/api/saga-machines')).body).to.deep.equal({
      machines: [{ machine: 'trip', versions: ['2'] }],
    });
    const drawn = await get('/api/saga-chart?machine=trip&version=2');
    expect(drawn.body['svg']).to.contain('data-state="trip.paying.asking"');
    expect((await get('/api/saga-chart?machine=trip&version=1')).status).to.equal(404);
    const listed = await get('/api/sagas?machine=trip&version=2&state=paying.asking');
    expect(listed.body['items']).to.deep.equal([told]);
    const one = await get(`/api/saga?machine=trip&id=${encodeURIComponent(summary.id)}`);
    const { steps } = one.body['path'] as { steps: { transitions: string[]; durationMs?: number }[] };
    expect(steps.map(({ transitions }) => transitions)).to.deep.equal([[], ['trip.booking/BOOKED/0']]);
    expect(steps[0]?.durationMs).to.equal(1);
    expect((await get('/api/saga?machine=trip&id=x')).status).to.equal(404);
    expect((await get('/api/saga?machine=cart&id=x')).status).to.equal(404);
  });

  it('tells what is stuck, on its page and in the overview', async () => {
    const { body } = await get('/api/sagas/stuck');
    expect(body).to.deep.equal({ items: [{ ...told, machine: 'trip' }], isCut: false });
    const { troubles } = (await get('/api/overview')).body as { troubles: object[] };
    expect(troubles[0]).to.include({
      what: 'trip of ann hangs in paying.asking',
      why: 'Pay: no line',
      since: 2,
    });
  });

  it('says of one whose actor is parked since when and why, and takes no order for it', async () => {
    const parked = { type: 'trip', key: summary.id, reason: 'no such state', attempts: 3, at: 7 };
    resting.now = parked;
    const shown = { ...told, parked, mayResume: false, mayCompensate: false };
    const { body } = await get('/api/sagas/stuck');
    expect(body).to.deep.equal({ items: [{ ...shown, machine: 'trip' }], isCut: false });
    for (const path of [
      'sagas?machine=trip&version=2&state=paying.asking',
      'sagas/find?machine=trip&text=ann',
    ])
      expect((await get(`/api/${path}`)).body['items']).to.deep.equal([shown]);
    const one = await get(`/api/saga?machine=trip&id=${encodeURIComponent(summary.id)}`);
    expect(one.body['summary']).to.deep.equal(shown);
    // Of the overview that is told where parked actors are.
    expect((await get('/api/overview')).body['troubles']).to.deep.equal([]);
  });

  it('tells what is stuck while nobody can say what is parked', async () => {
    resting.isAway = true;
    const { body } = await get('/api/sagas/stuck');
    expect(body).to.deep.equal({
      ...{ items: [{ ...told, machine: 'trip' }], isCut: false, unknown: 'Redis is away' },
    });
  });

  it('gives orders for operators in write mode alone, on record, with who gave them', async () => {
    const order = (headers: Record<string, string>, path = 'resume', body: object = {}) =>
      console.send('POST', `/api/saga/${path}`, {
        headers,
        body: { machine: 'trip', id: summary.id, ...body },
      });
    expect((await order(asAnn)).status).to.equal(403);
    expect((await order({ ...basic('vic', 'sight'), 'x-write-mode': 'on' })).status).to.equal(403);
    expect((await order({})).status).to.equal(401);
    expect(trips.ordered).to.deep.equal([]);
    const writing = { ...asAnn, 'x-write-mode': 'on' };
    expect((await order({ ...writing, 'x-request-id': 'r1' })).status).to.equal(200);
    expect((await order(writing, 'compensate')).status, 'without a reason').to.equal(400);
    expect((await order(writing, 'compensate', { reason: 'the buyer called' })).status).to.equal(200);
    expect((await order(writing, 'resume', { id: 'x' })).status).to.equal(404);
    expect(trips.ordered).to.deep.equal([
      { id: summary.id, by: 'ann', requestId: 'r1' },
      { id: summary.id, reason: 'the buyer called', by: 'ann' },
    ]);
    const recorded = console.audit.entries.map(({ who, action, target }) => [who, action, target]);
    expect(recorded).to.deep.equal([
      ['ann', 'resume trip', `trip/${summary.id}`],
      ['ann', 'compensate trip', `trip/${summary.id}`],
      ['ann', 'resume trip', 'trip/x'],
    ]);
  });

  it('tells counts and flows as they change, by one looker for all pages, within a bound', async () => {
    const at = clock.now();
    const move = { version: '2', from: 'booking', event: 'BOOKED', to: 'paying.asking', at };
    const paid = { version: '2', from: 'paying.asking', event: 'PAID', to: 'done', at };
    trips.looks.push(async () => ({
      running: [
        { version: '2', state: 'paying.asking', count: 4 },
        { version: '1', state: 'booking', count: 9 },
      ],
      moves: [...Array.from({ length: 6 }, () => move), paid],
      isCut: false,
      unreadable: 2,
    }));
    trips.looks.push(async () => {
      throw new Error('the database is away');
    });
    const open = () => listen(console.origin, asAnn);
    const pages = [await open(), await open()];
    for (const page of pages) {
      const counted = await page.next();
      expect(counted['unreadable']).to.equal(2);
      expect(counted['states']).to.deep.equal({ 'trip.paying': 4, 'trip.paying.asking': 4, 'trip.done': 1 });
      expect(counted['transitions']).to.deep.equal({
        'trip.booking/BOOKED/0': 0.1,
        'trip.paying.asking/PAID/0': 1 / 60,
      });
    }
    expect(trips.lookers()).to.equal(1);
    const refused = await fetch(`${console.origin}/api/saga-counts?machine=trip&version=2`, {
      headers: asAnn,
    });
    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '10']);
    await clock.advance(2_000);
    const last = await pages[0]!.next();
    expect([last['problem'], last['states']]).to.deep.equal([
      'the database is away',
      { 'trip.paying': 4, 'trip.paying.asking': 4, 'trip.done': 1 },
    ]);
    for (const page of pages) page.close();
    expect((await console.send('GET', '/api/saga-counts?machine=trip&version=2')).status).to.equal(401);
    expect((await get('/api/saga-counts?machine=cart&version=2')).status).to.equal(404);
  });
});

/** A page's part of server-sent events. */
async function listen(origin: string, headers: Record<string, string>) {
  const gone = new AbortController();
  const { signal } = gone;
  const response = await fetch(`${origin}/api/saga-counts?machine=trip&version=2`, { headers, signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next(): Promise<Record<string, unknown>> {
      for (;;) {
        const [, data, rest] = /data: (.*)\n\n([^]*)/.exec(text) ?? [];
        if (data !== undefined) {
          text = rest ?? '';
          return JSON.parse(data) as Record<string, unknown>;
        }
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream has ended');
        text += value;
      }
    },
    close: () => gone.abort(),
  };
}
