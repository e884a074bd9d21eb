import { expect } from 'chai';
import { MemoryEventLog } from '@trolley/runtime/events';
import { startConsole, type TestConsole } from '../testing/test-console.ts';
import { eventRoutes, eventTroubles } from './event-routes.ts';

const topic = 'outbox';

describe('the event log in the console', () => {
  let log: MemoryEventLog;
  let console: TestConsole;
  let operator: Record<string, string>;

  beforeEach(async () => {
    log = new MemoryEventLog();
    const inspected = { log, topic, groups: ['readers', 'writers'] };
    console = await startConsole({ routes: eventRoutes(inspected), troubles: [eventTroubles(inspected)] });
    operator = await console.signIn('ann', 'right');
  });
  afterEach(() => console.close());

  const append = (id: string, key = '7') =>
    log.append(topic, [{ id, key, type: 'Sold', value: '{}', headers: { traceparent: '00-1' } }]);
  async function die(id: string, reason: string): Promise<void> {
    await append(id);
    const [record] = (await log.read(topic, { id })).records;
    await log.reject(topic, record!, reason);
  }
  const get = (path: string) => console.send('GET', `/api/${path}`, { headers: operator });
  const items = async (path: string) => (await get(path)).body['items'] as Record<string, unknown>[];
  const post = (path: string, body: object) =>
    console.send('POST', `/api/${path}`, { body, headers: operator });
  const write = () => post('write-mode', { on: true });
  const dead = async () => (await items('dead-events')).map(({ id }) => String(id));
  const published = async (id: string) => (await log.read(topic, { id })).records.length;

  it('is browsed by key, type, id and time, in pages', async () => {
    await append('first', '1');
    await append('second', '1');
    await append('third', '2');
    expect((await items('events?key=1')).map(({ id }) => id)).to.deep.equal(['second', 'first']);
    expect((await items('events?id=third')).map(({ key }) => key)).to.deep.equal(['2']);
    expect(await items('events?type=Bought')).to.deep.equal([]);
    expect(await items('events?until=2001-01-01T00:00Z')).to.deep.equal([]);
    expect(await items('events?since=2001-01-01T00:00Z')).to.have.length(3);
    const page = await get('events?key=1&limit=1');
    const next = await items(`events?key=1&limit=1&cursor=${String(page.body['cursor'])}`);
    expect(next.map(({ id }) => id)).to.deep.equal(['first']);
    for (const query of ['since=yesterday', 'limit=501', 'cursor=x'])
      expect((await get(`events?${query}`)).status, query).to.equal(400);
  });

  it('tells how far each group is behind', async () => {
    await append('first');
    const groups = (await items('events/lag')) as unknown as {
      group: string;
      partitions: { records: number }[];
    }[];
    const behind = groups.map(({ group, partitions }) => [
      group,
      partitions.reduce((sum, { records }) => sum + records, 0),
    ]);
    expect(behind).to.deep.equal([
      ['readers', 1],
      ['writers', 1],
    ]);
  });

  it('shows a dead event, replays it on record, and it is gone', async () => {
    await die('bad', 'not JSON');
    const [id = ''] = await dead();
    expect((await get(`dead-event?id=${id}`)).body).to.include({ reason: 'not JSON' });
    expect((await post('dead-event/replay', { id })).status).to.equal(403);
    expect(await published('bad')).to.equal(1);
    await write();
    expect((await post('dead-event/replay', { id })).status).to.equal(200);
    expect(await published('bad')).to.equal(2);
    expect(await dead()).to.deep.equal([]);
    expect((await post('dead-event/replay', { id })).status).to.equal(404);
    expect(await published('bad')).to.equal(2);
    const tried = console.audit.entries.filter(({ action }) => action === 'replay dead event');
    expect(tried.map(({ target, outcome }) => [target, outcome])).to.deep.equal([
      [id, 'done'],
      [id, 'refused'],
    ]);
  });

  it('deals with several that were shown, and with none that came since', async () => {
    await die('one', 'a');
    await die('two', 'a');
    const ids = await dead();
    await die('later', 'a');
    await write();
    const replayed = await post('dead-events/replay', { ids: [ids[0], '0-77'] });
    expect(replayed.body).to.include({ note: '1 of 2 are published again' });
    expect((await post('dead-events/discard', { ids })).status).to.equal(400);
    const discarded = await post('dead-events/discard', { ids, reason: 'tested' });
    expect(discarded.body).to.include({ note: '1 of 2 are off the list' });
    expect(await dead()).to.have.length(1);
    expect(await published('later')).to.equal(1);
    expect(console.audit.entries.at(-1)).to.deep.include({
      target: '2 dead events',
      details: { ids, reason: 'tested' },
    });
  });

  it('tells the overview of dead events and of a group that does not keep up', async () => {
    const troubles = async () =>
      ((await get('overview')).body['troubles'] as { what: string }[]).map(({ what }) => what);
    expect(await troubles()).to.deep.equal([]);
    await die('bad', 'not JSON');
    log.lag = async (_topic, group) => [{ partition: 0, records: group === 'readers' ? 1_001 : 1_000 }];
    expect(await troubles()).to.deep.equal(['1 dead event', 'readers is 1001 events behind']);
  });
});
