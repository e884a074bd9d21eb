import { type Readiness, readinessBody } from '@trolley/runtime/observe';
import { getHealth, getLiveness, getReadiness } from '../api/operation-api.ts';
import { ShopError } from '../error-table.ts';
import { errorAnswer } from '../error-answer.ts';
import { defineRoute, type Reply, type Route } from './route.ts';

export function healthRoutes(readiness: Readiness): Route[] {
  const alive = async (): Promise<Reply<200>> => ({ status: 200, body: { status: 'ok' } });
  return [
    defineRoute(getHealth, { isProbe: true, handle: alive }),
    defineRoute(getLiveness, { isProbe: true, handle: alive }),
    defineRoute(getReadiness, {
      isProbe: true,
      async handle({ call }) {
        const { ready, body } = readinessBody(await readiness());
        if (ready) return { status: 200, body };
        // An error like any other, with more to it: whoever probes wants to know which one, and why.
        const refused = errorAnswer(new ShopError('unavailable', body.error), call.requestId);
        return { ...refused, status: 503, body: { ...refused.body, ...body } };
      },
    }),
  ];
}
