import { z } from 'zod';
import { ActorError } from '@trolley/runtime';
import {
  type EventDeadLetter,
  type EventDeadLetters,
  eventDeadLetters,
  type EventLog,
} from '@trolley/runtime/events';
import type { TroubleSource } from '../trouble.ts';
import { Filter, PageFields, Reason } from './fields.ts';
import { type ApiRoute, defineAction, defineRead } from './route.ts';

/** A topic of the event log, and who consumes it. */
export interface InspectedTopic {
  readonly log: Pick<EventLog, 'append' | 'read' | 'lag' | 'replay'>;
  readonly topic: string;
  readonly groups: readonly string[];
}

const Moment = z
  .string()
  .max(40)
  .refine((text) => text === '' || !Number.isNaN(Date.parse(text)), 'is no time')
  .transform((text) => (text === '' ? undefined : Date.parse(text)))
  .optional();
const Id = z.string().min(1).max(200);
const Ids = z.array(Id).min(1).max(500);
/** Behind by more, a group does not keep up. */
const muchBehind = 1_000;

/** `/api/events…`: what is in the log. */
export function eventRoutes({ log, topic, groups }: InspectedTopic): ApiRoute[] {
  return [
    defineRead({
      path: '/api/events',
      query: z.object({ ...PageFields, key: Filter, id: Filter, type: Filter, since: Moment, until: Moment }),
      async answer(query) {
        const { records, cursor } = await log.read(topic, query);
        return { topic, items: records, ...(cursor !== undefined && { cursor }) };
      },
    }),
    defineRead({
      path: '/api/events/lag',
      query: z.object({}),
      answer: async () => ({
        topic,
        items: await Promise.all(
          groups.map(async (group) => ({ group, partitions: await log.lag(topic, group) })),
        ),
      }),
    }),
    ...deadEventRoutes(eventDeadLetters(log, topic)),
  ];
}

/** What is done to one, and to those that a page has shown. */
function deadEventRoutes(letters: EventDeadLetters): ApiRoute[] {
  const find = async (id: string): Promise<EventDeadLetter> => {
    const letter = await letters.get(id);
    if (letter === undefined) throw new ActorError('not_found', `there is no dead event '${id}' any more`);
    return letter;
  };
  /** Those that are still there. */
  async function each(ids: readonly string[], act: (letter: EventDeadLetter) => Promise<void>) {
    let done = 0;
    for (const letter of (await letters.list({}, 10_000)).items.filter(({ id }) => ids.includes(id))) {
      await act(letter);
      done++;
    }
    return done;
  }
  const several = (ids: readonly string[]) => ({ target: `${ids.length} dead events`, details: { ids } });
  return [
    defineRead({
      path: '/api/dead-events',
      query: z.object({
        limit: PageFields.limit,
        reason: Filter,
        type: Filter,
        key: Filter,
        eventId: Filter,
      }),
      answer: ({ limit, ...query }) => letters.list(query, limit),
    }),
    defineRead({ path: '/api/dead-event', query: z.object({ id: Id }), answer: ({ id }) => find(id) }),
    defineAction({
      path: '/api/dead-event/replay',
      body: z.object({ id: Id }),
      audit: ({ id }) => ({ action: 'replay dead event', target: id }),
      async perform({ id }) {
        await letters.replay(await find(id));
        return { result: {}, note: 'it is published again' };
      },
    }),
    defineAction({
      path: '/api/dead-event/discard',
      body: z.object({ id: Id, reason: Reason }),
      audit: ({ id, reason }) => ({ action: 'discard dead event', target: id, details: { reason } }),
      async perform({ id, reason }) {
        await letters.discard(await find(id), reason);
        return { result: {} };
      },
    }),
    defineAction({
      path: '/api/dead-events/replay',
      body: z.object({ ids: Ids }),
      audit: ({ ids }) => ({ action: 'replay dead events', ...several(ids) }),
      async perform({ ids }) {
        const done = await each(ids, (letter) => letters.replay(letter));
        const note = `${done} of ${ids.length} are published again`;
        return { result: { note }, note };
      },
    }),
    defineAction({
      path: '/api/dead-events/discard',
      body: z.object({ ids: Ids, reason: Reason }),
      audit: ({ ids, reason }) => {
        const { target, details } = several(ids);
        return { action: 'discard dead events', target, details: { ...details, reason } };
      },
      async perform({ ids, reason }) {
        const done = await each(ids, (letter) => letters.discard(letter, reason));
        const note = `${done} of ${ids.length} are off the list`;
        return { result: { note }, note };
      },
    }),
  ];
}

/** For the overview. */
export function eventTroubles({ log, topic, groups }: InspectedTopic): TroubleSource {
  return {
    name: 'the event log',
    async look() {
      const [letters, ...lags] = await Promise.all([
        eventDeadLetters(log, topic).list({}, 1),
        ...groups.map(async (group) => {
          const partitions = await log.lag(topic, group);
          return { group, records: partitions.reduce((sum, { records }) => sum + records, 0) };
        }),
      ]);
      const behind = lags
        .filter(({ records }) => records > muchBehind)
        .map(({ group, records }) => ({
          what: `${group} is ${records} events behind`,
          why: 'its consumers are away, slow, or held up by an event that they try again',
          may: 'see which partitions',
          page: '/events',
        }));
      const [latest] = letters.items;
      if (latest === undefined) return behind;
      const dead = {
        what: `${letters.total} dead ${letters.total === 1 ? 'event' : 'events'}`,
        why: `the latest, ${latest.record.type} of ${latest.record.key}: ${latest.reason}`,
        since: latest.at,
        may: 'replay or discard',
        page: '/dead-events',
      };
      return [dead, ...behind];
    },
  };
}
