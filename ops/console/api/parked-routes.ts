import { z } from 'zod';
import { ActorError, type ParkedActors } from '@trolley/runtime';
import type { TroubleSource } from '../trouble.ts';
import { ActorKey, ActorType, Filter, PageFields } from './fields.ts';
import { type ApiRoute, defineAction, defineRead } from './route.ts';

/** `/api/parked…`: actors that take no messages until somebody releases them. */
export function parkedRoutes(parked: ParkedActors): ApiRoute[] {
  return [
    defineRead({
      path: '/api/parked',
      query: z.object({ ...PageFields, type: Filter }),
      answer: (query) => parked.list(query),
    }),
    defineAction({
      path: '/api/parked/release',
      body: z.object({ type: ActorType, key: ActorKey, firstMessage: z.enum(['retry', 'give-up']) }),
      audit: ({ type, key, firstMessage }) => ({
        action: 'release parked actor',
        target: `${type}/${key}`,
        details: { firstMessage },
      }),
      async perform({ type, key, firstMessage }) {
        if (!(await parked.release({ type }, key, firstMessage)))
          throw new ActorError('not_found', `${type} ${key} is not parked any more`);
        return { result: {} };
      },
    }),
  ];
}

/** For the overview. */
export function parkedTroubles(parked: ParkedActors): TroubleSource {
  return {
    name: 'parked actors',
    async look() {
      const { items } = await parked.list({ limit: 10 });
      return items.map(({ type, key, reason, at, message }) => ({
        what: `${type} ${key} is parked`,
        why: `${message === undefined ? '' : `at ${message}: `}${reason}`,
        since: at,
        may: message === undefined ? 'release it' : 'release it, with or without its first message',
        page: `/parked?${new URLSearchParams({ q: `${type} ${key}` }).toString()}`,
      }));
    },
  };
}
