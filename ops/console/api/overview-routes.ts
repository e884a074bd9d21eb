import { z } from 'zod';
import type { Clock } from '@trolley/runtime';
import { lookForTroubles, type TroubleSource } from '../trouble.ts';
import { type ApiRoute, defineRead } from './route.ts';

/** `GET /api/overview`: what is stuck, why, and what may be done. */
export function overviewRoutes(sources: readonly TroubleSource[], clock: Clock): ApiRoute[] {
  return [
    defineRead({
      path: '/api/overview',
      query: z.object({}),
      answer: async () => ({ troubles: await lookForTroubles(sources, clock) }),
    }),
  ];
}
