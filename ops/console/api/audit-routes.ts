import { z } from 'zod';
import { type Audit, auditOutcomes } from '../audit/audit.ts';
import { Filter, PageFields } from './fields.ts';
import { type ApiRoute, defineRead } from './route.ts';

const Query = z.object({
  ...PageFields,
  who: Filter,
  action: Filter,
  target: Filter,
  outcome: z.enum(auditOutcomes).optional(),
});

/** `GET /api/audit`: what operators did, the newest first. */
export function auditRoutes(audit: Audit): ApiRoute[] {
  return [defineRead({ path: '/api/audit', query: Query, answer: (query) => audit.list(query) })];
}
