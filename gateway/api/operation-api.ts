import { z } from 'zod';
import { describeRoute } from './describe-route.ts';

const tag = 'Operation';
const Dependencies = z.record(z.string(), z.enum(['ok', 'failing']));

export const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

export const Readiness = z
  .object({ status: z.literal('ok'), dependencies: Dependencies })
  .meta({ id: 'Readiness' });

export const Unreadiness = z
  .object({
    error: z.string(),
    code: z.literal('unavailable'),
    request_id: z.string(),
    status: z.literal('unavailable'),
    dependencies: Dependencies,
    reasons: z
      .record(z.string(), z.string())
      .meta({ description: 'Of each dependency that fails: where it is, and what went wrong.' }),
  })
  .meta({ id: 'Unreadiness' });

const alive = { 200: { description: 'The process answers.', body: Health } } as const;

export const getHealth = describeRoute({
  operationId: 'getHealth',
  tag,
  summary: 'Whether the process answers.',
  method: 'GET',
  path: '/health',
  access: 'public',
  answers: alive,
});

export const getLiveness = describeRoute({
  operationId: 'getLiveness',
  tag,
  summary: 'Whether the process answers.',
  method: 'GET',
  path: '/health/live',
  access: 'public',
  answers: alive,
});

export const getReadiness = describeRoute({
  operationId: 'getReadiness',
  tag,
  summary: 'Whether all that the gateway needs is there.',
  method: 'GET',
  path: '/health/ready',
  access: 'public',
  answers: {
    200: { description: 'It is.', body: Readiness },
    503: { description: 'Something is missing.', body: Unreadiness },
  },
});

export const getMetrics = describeRoute({
  operationId: 'getMetrics',
  tag,
  summary: "What the shop does, in Prometheus' text format.",
  method: 'GET',
  path: '/metrics',
  access: 'public',
  answers: {
    200: { description: 'The metrics.', body: z.string(), contentType: 'text/plain' },
  },
});
