import { TrolleyError } from '../../runtime/define/errors.ts';
import { errorAnswer } from '../error-answer.ts';
import type { Readiness } from '../../runtime/observe/readiness.ts';
import { defineRoute, type Reply, type Route } from './route.ts';

export function healthRoutes(readiness: Readiness): Route[] {
  const alive = async (): Promise<Reply> => ({ status: 200, body: { status: 'ok' } });
  return [
    defineRoute({ method: 'GET', path: '/health', access: 'public', handle: alive }),
    defineRoute({ method: 'GET', path: '/health/live', access: 'public', handle: alive }),
    defineRoute({
      method: 'GET',
      path: '/health/ready',
      access: 'public',
      async handle({ call, note }) {
        const health = await readiness();
        const dependencies = Object.fromEntries(health);
        const failing = [...health.keys()].filter((name) => health.get(name) !== 'ok');
        if (failing.length === 0) return { status: 200, body: { status: 'ok', dependencies } };
        note({ failing: failing.join(',') });
        // An error like any other, with more to it: whoever probes wants to know which one.
        const { status, headers, body } = errorAnswer(
          new TrolleyError('unavailable', 'not ready'),
          call.requestId,
        );
        const error = `not ready: ${failing.join(', ')}`;
        return { status, headers, body: { ...body, error, status: 'unavailable', dependencies } };
      },
    }),
  ];
}
