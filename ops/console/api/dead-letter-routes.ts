import { z } from 'zod';
import { ActorError, type BulkResult, type DeadLetter, type DeadLetters } from '@trolley/runtime';
import type { TroubleSource } from '../trouble.ts';
import { Filter, Moment, PageFields, Reason } from './fields.ts';
import { type ApiRoute, defineAction, defineRead } from './route.ts';

const Id = z.string().min(1).max(2_000);

/** Which ones. Times are milliseconds since the epoch. */
const Which = z.object({
  type: Filter,
  key: Filter,
  message: Filter,
  reason: Filter,
  newerThan: Moment,
  olderThan: Moment,
});
/** What is done to many at once, a page of them. */
const Many = z.object({ which: Which, limit: z.int().min(1).max(500) });

const gone = (id: string) => new ActorError('not_found', `there is no dead letter '${id}' any more`);

/** `/api/dead-letters…`: messages that failed for good. */
export function deadLetterRoutes(deadLetters: DeadLetters): ApiRoute[] {
  return [
    defineRead({
      path: '/api/dead-letters',
      query: Which.extend(PageFields),
      answer: (query) => deadLetters.list(query),
    }),
    defineRead({
      path: '/api/dead-letter',
      query: z.object({ id: Id }),
      async answer({ id }) {
        const letter = await deadLetters.get(id);
        if (letter === undefined) throw gone(id);
        return letter;
      },
    }),
    defineAction({
      path: '/api/dead-letter/replay',
      body: z.object({ id: Id }),
      audit: ({ id }) => ({ action: 'replay dead letter', target: id }),
      async perform({ id }) {
        if (!(await deadLetters.replay(id))) throw gone(id);
        return { result: {}, note: 'it is in its mailbox again' };
      },
    }),
    defineAction({
      path: '/api/dead-letter/discard',
      body: z.object({ id: Id, reason: Reason }),
      audit: ({ id, reason }) => ({ action: 'discard dead letter', target: id, details: { reason } }),
      async perform({ id, reason }) {
        if (!(await deadLetters.discard(id, { reason }))) throw gone(id);
        return { result: {} };
      },
    }),
    defineAction({
      path: '/api/dead-letters/replay',
      body: Many,
      audit: ({ which, limit }) => ({
        action: 'replay dead letters',
        target: targetOf(which),
        details: { ...which, limit },
      }),
      perform: async ({ which, limit }) =>
        counted(await deadLetters.replayAll({ ...which, limit }), 'replayed'),
    }),
    defineAction({
      path: '/api/dead-letters/discard',
      body: Many.extend({ reason: Reason }),
      audit: ({ which, limit, reason }) => ({
        action: 'discard dead letters',
        target: targetOf(which),
        details: { which, limit, reason },
      }),
      perform: async ({ which, limit, reason }) =>
        counted(await deadLetters.discardAll({ ...which, limit }, { reason }), 'discarded'),
    }),
  ];
}

const targetOf = ({ type = '*', key = '*' }: z.output<typeof Which>) => `${type}/${key}`;

function counted({ done, failed, cursor }: BulkResult<DeadLetter>, what: string) {
  const [first] = failed;
  const not = first === undefined ? '' : `, ${failed.length} not: ${first.error.message}`;
  const more = cursor === undefined ? '' : '; there are more';
  const note = `${done} ${what}${not}${more}`;
  return { result: { done, note }, note };
}

/** For the overview. */
export function deadLetterTroubles(deadLetters: DeadLetters): TroubleSource {
  return {
    name: 'dead letters',
    async look() {
      const { items, cursor } = await deadLetters.list({ limit: 100 });
      const [oldest] = items;
      if (oldest === undefined) return [];
      const count = cursor === undefined ? String(items.length) : `more than ${items.length}`;
      return [
        {
          what: `${count} dead ${items.length === 1 ? 'letter' : 'letters'}`,
          why: `${oldest.message} of ${oldest.type} ${oldest.key}: ${oldest.reason}`,
          since: oldest.at,
          may: 'replay or discard',
          page: '/dead-letters',
        },
      ];
    },
  };
}
