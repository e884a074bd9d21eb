import { z } from 'zod';
import { heldBackBy, type OutboxInspection } from '@trolley/runtime/postgres';
import type { TroubleSource } from '../trouble.ts';
import { PageFields } from './fields.ts';
import { type ApiRoute, defineRead } from './route.ts';

/** An outbox, and whether the event log that it goes to answers. */
export interface InspectedOutbox {
  readonly outbox: OutboxInspection;
  /** Rejects where it does not. */
  readonly askLog: () => Promise<unknown>;
}

const pageSize = 100;

/** `/api/outbox…`: events that are not in the event log yet. */
export function outboxRoutes({ outbox, askLog }: InspectedOutbox): ApiRoute[] {
  return [
    defineRead({
      path: '/api/outbox',
      query: z.object({}),
      async answer() {
        const report = await outbox.report();
        return { ...report, heldBackBy: await heldBackBy(report, askLog) };
      },
    }),
    defineRead({
      path: '/api/outbox/rows',
      query: z.object({
        ...PageFields,
        cursor: z
          .string()
          .regex(/^\d{0,18}$/, 'is no row')
          .optional(),
      }),
      async answer({ limit = pageSize, cursor }) {
        const items = await outbox.waiting(limit, cursor === '' ? undefined : cursor);
        const last = items.at(-1);
        return { items, ...(items.length === limit && last !== undefined && { cursor: last.id }) };
      },
    }),
  ];
}

/** For the overview. */
export function outboxTroubles({ outbox, askLog }: InspectedOutbox): TroubleSource {
  return {
    name: 'the outbox',
    async look() {
      const report = await outbox.report();
      const why = await heldBackBy(report, askLog);
      if (why.length === 0) return [];
      const { waiting, isPartial, oldestAt } = report;
      return [
        {
          what: `${isPartial ? 'more than ' : ''}${waiting} ${waiting === 1 ? 'event waits' : 'events wait'} in the outbox`,
          why: why.join('; '),
          ...(oldestAt !== undefined && { since: oldestAt }),
          may: 'see to the relay or the event log',
          page: '/outbox',
        },
      ];
    },
  };
}
