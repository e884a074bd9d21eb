import { z } from 'zod';
import { boardPath } from '../../../console/board/board-path.ts';
import { collector } from './seed-tables.ts';

/** What a page asks at once, when it is opened or when somebody filters, turns over or searches. */
export interface View {
  /** The page's path, and what is done on it. */
  readonly name: string;
  /** Paths with their queries. */
  readonly requests: readonly string[];
}

export type Get = (path: string) => Promise<unknown>;

const query = (path: string, fields: Readonly<Record<string, string | number | undefined>>) => {
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return `/api/${path}?${new URLSearchParams(Object.fromEntries(given) as Record<string, string>).toString()}`;
};

const Page = z.object({ items: z.array(z.record(z.string(), z.unknown())), cursor: z.string().optional() });

const addressIn = (item: unknown) => z.object({ type: z.string(), key: z.string() }).parse(item);

export const boardPoll = `${boardPath}/api/queues?activeQueue=&status=latest&page=1&jobsPerPage=10`;

/** All that the pages ask, of what is there. */
export async function allViews(get: Get): Promise<readonly View[]> {
  const page = async (path: string) => {
    const { items, cursor } = Page.parse(await get(path));
    const [first] = items;
    if (first === undefined) throw new Error(`${path} lists nothing: it would not be measured`);
    return { first, cursor };
  };
  const contracts = query('contracts', {});
  const views: View[] = [];
  const add = (name: string, ...requests: string[]) => views.push({ name, requests });
  const turned = async (name: string, path: string, fields: Parameters<typeof query>[1]) => {
    const { cursor, first } = await page(query(path, fields));
    if (cursor === undefined) throw new Error(`${name} has one page only`);
    add(`${name}: turned over`, query(path, { ...fields, cursor }));
    return first;
  };

  add('overview', query('overview', {}));
  add('cluster', query('cluster', {}));
  add('actors', contracts, query('actors', {}));
  await mailboxViews();
  await deadLetterViews();
  add('parked', query('parked', {}));
  await turned('parked', 'parked', {});
  await sagaViews();
  add('outbox', query('outbox', {}), query('outbox/rows', {}));
  await turned('outbox', 'outbox/rows', {});
  await eventViews();
  add('audit', query('audit', {}));
  add('audit: an outcome', query('audit', { outcome: 'unknown' }));
  add('audit: somebody who did nothing', query('audit', { who: 'nobody' }));
  await turned('audit', 'audit', {});
  return views;

  async function firstJob(type: string, key: string): Promise<string> {
    const Opened = z.object({
      mailbox: z.object({ messages: z.tuple([z.object({ jobId: z.string() })]).rest(z.unknown()) }),
    });
    return Opened.parse(await get(query('actor', { type, key }))).mailbox.messages[0].jobId;
  }

  async function mailboxViews(): Promise<void> {
    const list = (fields: Parameters<typeof query>[1]) => query('mailboxes', fields);
    add('mailboxes', contracts, list({}));
    add('mailboxes: the oldest', list({ order: 'oldest' }));
    for (const state of ['waiting', 'active', 'failed', 'parked']) {
      add(`mailboxes: ${state}`, list({ state }));
      add(`mailboxes: ${state}, the oldest`, list({ state, order: 'oldest' }));
    }
    add('mailboxes: keys that begin so', list({ type: 'pile', key: 'k12' }));
    const { type, key } = addressIn(await turned('mailboxes', 'mailboxes', {}));
    // The store of the deepest does not answer: neither would its state.
    add('actor', contracts, query('actor', addressIn((await page(query('parked', {}))).first)));
    add('actor: a message', query('message', { type, key, job: await firstJob(type, key) }));
    add('board', boardPoll);
    await get(`${boardPath}/?${new URLSearchParams({ type, key }).toString()}`);
    add(
      'board: a mailbox',
      `${boardPath}/api/queues?activeQueue=${encodeURIComponent(`${type} ${key}`)}&status=latest&page=1&jobsPerPage=10`,
    );
  }

  async function deadLetterViews(): Promise<void> {
    add('dead letters', query('dead-letters', {}));
    add('dead letters: of a type', query('dead-letters', { type: 'parcel' }));
    add('dead letters: by a reason', query('dead-letters', { reason: 'address' }));
    add('dead letters: by a reason that none has', query('dead-letters', { reason: 'nothing of the kind' }));
    const { id, key } = await turned('dead letters', 'dead-letters', {});
    add('dead letters: of an actor', query('dead-letters', { type: 'parcel', key: String(key) }));
    add('dead letters: one', query('dead-letter', { id: String(id) }));
  }

  async function sagaViews(): Promise<void> {
    const Machines = z.object({
      machines: z.array(z.object({ machine: z.string(), versions: z.array(z.string()) })),
    });
    const { machines } = Machines.parse(await get(query('saga-machines', {})));
    const [{ machine, versions } = { machine: '', versions: [] }] = machines;
    const place = { machine, version: versions[0] ?? '' };
    add('sagas', query('saga-machines', {}), query('saga-chart', place), query('saga-counts', place));
    for (const state of ['charging', 'completed', 'failed'])
      for (const order of ['oldest', 'newest'])
        add(`sagas: ${state}, ${order} first`, query('sagas', { ...place, state, order, limit: 30 }));
    const running = await turned('sagas: charging', 'sagas', { ...place, state: 'charging', limit: 30 });
    const ended = await turned('sagas: completed', 'sagas', { ...place, state: 'completed', limit: 30 });
    for (const [what, { id }] of Object.entries({ running, ended }))
      add(`sagas: one that is ${what}`, query('saga', { machine, id: String(id) }));
    add('sagas: find a user', query('sagas/find', { machine, text: String(ended['subject']) }));
    add('sagas: find who has a tenth of all', query('sagas/find', { machine, text: String(collector) }));
    add('stuck', query('sagas/stuck', { limit: 50 }));
    await turned('stuck', 'sagas/stuck', { machine, limit: 50 });
  }

  async function eventViews(): Promise<void> {
    const { first } = await page(query('events', {}));
    const { key, type, id, appendedAt } = first;
    const at = new Date(Number(appendedAt)).toISOString();
    add('events', query('events/lag', {}), query('events', {}));
    add('events: of a key', query('events', { key: String(key) }));
    add('events: of a type', query('events', { type: String(type) }));
    add('events: an id', query('events', { id: String(id) }));
    add('events: an id that none has', query('events', { id: 'nothing of the kind' }));
    add('events: until then', query('events', { until: at }));
    await turned('events', 'events', {});
    add('dead events', query('dead-events', { limit: 500 }));
    const letter = await page(query('dead-events', { limit: 500 }));
    add('dead events: one', query('dead-event', { id: String(letter.first['id']) }));
  }
}
