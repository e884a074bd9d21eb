import { z } from 'zod';
import { ActorError, type DeadLetters } from '@trolley/runtime';
import type { TroubleSource } from '../trouble.ts';
import { Filter, PageFields, Reason } from './fields.ts';
import { type ApiRoute, defineAction, defineRead } from './route.ts';

const Id = z.string().min(1).max(2_000);
const gone = (id: string) => new ActorError('not_found', `there is no dead letter '${id}' any more`);

/** `/api/dead-letters…`: messages that failed for good. */
export function deadLetterRoutes(deadLetters: DeadLetters): ApiRoute[] {
  return [
    defineRead({
      path: '/api/dead-letters',
      query: z.object({ ...PageFields, type: Filter, key: Filter }),
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
      async perform({ id }) {
        if (!(await deadLetters.discard(id))) throw gone(id);
        return { result: {} };
      },
    }),
  ];
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
