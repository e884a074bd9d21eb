import { expect } from 'chai';
import type { OutboxReport } from '@trolley/runtime/postgres';
import { startConsole, type TestConsole } from '../testing/test-console.ts';
import { outboxRoutes, outboxTroubles } from './outbox-routes.ts';

const quiet: OutboxReport = {
  ...{
    waiting: 0,
    isPartial: false,
    types: [],
    republishing: 0,
    standbys: [],
    sentPerSecond: 0,
    at: 1_000_000,
  },
  relay: { pid: 12, applicationName: 'relay' },
};

describe('the outbox in the console', () => {
  let report: OutboxReport;
  let log: () => Promise<void>;
  let console: TestConsole;
  let viewer: Record<string, string>;

  beforeEach(async () => {
    report = quiet;
    log = async () => undefined;
    const row = (n: number) => {
      return { id: String(n), aggregateId: 'a', type: 'Sold', key: '7', createdAt: 1, publications: 0 };
    };
    const outbox = {
      report: async () => report,
      waiting: async (limit = 0, after = '0') =>
        [1, 2, 3]
          .filter((n) => n > Number(after))
          .slice(0, limit)
          .map(row),
    };
    const inspected = { outbox, askLog: () => log() };
    console = await startConsole({ routes: outboxRoutes(inspected), troubles: [outboxTroubles(inspected)] });
    viewer = await console.signIn('vic', 'sight');
  });
  afterEach(() => console.close());

  const get = async (path: string) => (await console.send('GET', `/api/${path}`, { headers: viewer })).body;
  const why = async () => (await get('outbox'))['heldBackBy'];

  it('is told with its relay, and nothing of being held back where nothing waits for long', async () => {
    expect(await get('outbox')).to.deep.equal({ ...quiet, heldBackBy: [] });
    report = { ...quiet, waiting: 1, oldestAt: quiet.at - 4_999 };
    expect(await why()).to.deep.equal([]);
    expect((await get('overview'))['troubles']).to.deep.equal([]);
  });

  it('is told with what is known of why rows wait', async () => {
    report = { ...quiet, waiting: 2, oldestAt: quiet.at - 60_000, republishing: 1 };
    expect(await why()).to.deep.equal([
      '1 of 2 had no effect in time, and are published again',
      'a relay is connected and the event log answers: the relay’s log tells what it meets',
    ]);
    log = () => Promise.reject(new Error('no broker'));
    expect(((await why()) as string[]).at(-1)).to.equal('the event log does not answer: no broker');
    const { relay: standby, ...alone } = report;
    report = alone;
    expect(((await why()) as string[]).at(-1)).to.equal('no relay is connected: start one');
    report = { ...alone, standbys: [standby!] };
    expect(((await why()) as string[]).at(-1)).to.equal('no relay has taken the lock yet');
    const [trouble] = (await get('overview'))['troubles'] as Record<string, unknown>[];
    expect(trouble).to.include({
      what: '2 events wait in the outbox',
      since: quiet.at - 60_000,
      page: '/outbox',
    });
  });

  it('lists its rows in pages', async () => {
    const page = await get('outbox/rows?limit=2');
    expect((page['items'] as { id: string }[]).map(({ id }) => id)).to.deep.equal(['1', '2']);
    expect(page['cursor']).to.equal('2');
    const last = await get('outbox/rows?limit=2&cursor=2');
    expect([(last['items'] as unknown[]).length, last['cursor']]).to.deep.equal([1, undefined]);
    expect(await get('outbox/rows?cursor=x')).to.have.property('code', 'invalid_request');
  });
});
