import { z } from 'zod';
import { ActorError, type Clock, type Mailboxes } from '@trolley/runtime';
import type { TroubleSource } from '../trouble.ts';
import { ActorKey, ActorType, Filter, PageFields } from './fields.ts';
import { type ApiRoute, defineRead } from './route.ts';

const Query = z.object({
  ...PageFields,
  type: Filter,
  key: Filter,
  state: z.enum(['waiting', 'active', 'delayed', 'failed', 'parked']).optional(),
  order: z.enum(['deepest', 'oldest']).optional(),
});

/** `/api/mailboxes`, `/api/message`: what waits where. */
export function mailboxRoutes(mailboxes: Mailboxes): ApiRoute[] {
  return [
    defineRead({
      path: '/api/mailboxes',
      query: Query,
      // A key alone means nothing: the field for it is gone with the type.
      answer: ({ type, key, ...query }) =>
        mailboxes.list({ ...query, type, key: type === undefined ? undefined : key }),
    }),
    defineRead({
      path: '/api/message',
      query: z.object({ type: ActorType, key: ActorKey, job: z.string().min(1).max(600) }),
      async answer({ type, key, job }) {
        const message = await mailboxes.message(type, key, job);
        if (message === undefined)
          throw new ActorError('not_found', `the mailbox of ${type} ${key} has no such message any more`);
        return message;
      },
    }),
  ];
}

const stuckAfterMs = 60_000;
const maxTold = 5;

/** For the overview: messages that have waited for a minute, though their actor is not parked. */
export function mailboxTroubles(mailboxes: Mailboxes, clock: Clock): TroubleSource {
  return {
    name: 'mailboxes',
    async look() {
      const { items } = await mailboxes.list({ order: 'oldest', limit: 20 });
      const before = clock.now() - stuckAfterMs;
      return items
        .filter(({ oldestAt = Infinity, parked }) => oldestAt < before && parked === undefined)
        .slice(0, maxTold)
        .map(({ type, key, oldestAt = 0, waiting, active, node, shard }) => ({
          what: `${type} ${key} does not get on`,
          why:
            node === undefined
              ? `no node holds its shard ${shard}`
              : `${waiting} waiting, ${active} in hand since the oldest came`,
          since: oldestAt,
          may: 'see what failed of it; passivate it',
          page: `/actors?${new URLSearchParams({ type, key }).toString()}`,
        }));
    },
  };
}
