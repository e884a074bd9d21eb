import { type Readiness, readinessBody } from '@trolley/runtime/observe';
import { ShopError } from '../error-table.ts';
import { errorAnswer } from '../error-answer.ts';
import { defineRoute, type Reply, type Route } from './route.ts';

export function healthRoutes(readiness: Readiness): Route[] {
  const alive = async (): Promise<Reply> => ({ status: 200, body: { status: 'ok' } });
  return [
    defineRoute({ method: 'GET', path: '/health', access: 'public', isProbe: true, handle: alive }),
    defineRoute({ method: 'GET', path: '/health/live', access: 'public', isProbe: true, handle: alive }),
    defineRoute({
      method: 'GET',
      path: '/health/ready',
      access: 'public',
      isProbe: true,
      async handle({ call }) {
        const { ready, body } = readinessBody(await readiness());
        if (ready) return { status: 200, body };
        // An error like any other, with more to it: whoever probes wants to know which one, and why.
        const refused = errorAnswer(new ShopError('unavailable', body.error), call.requestId);
        return { ...refused, body: { ...refused.body, ...body } };
      },
    }),
  ];
}
