import { followEvents } from '../api/event-api.ts';
import { positionOf } from '../events/event-id.ts';
import type { EventStreams } from '../events/event-streams.ts';
import { defineRoute, type Route } from './route.ts';

export function eventRoutes(streams: EventStreams): Route[] {
  return [
    defineRoute(followEvents, {
      async handle({ user, call: { requestId }, lastEventId, checkToken }) {
        const from = lastEventId === undefined ? {} : positionOf(lastEventId);
        const refusal = streams.refusalOf(user.id);
        if (refusal !== undefined) throw refusal;
        return {
          status: 200,
          // Proxies must pass each event on, not buffer the answer.
          headers: { 'X-Accel-Buffering': 'no' },
          contentType: 'text/event-stream',
          body: null,
          stream: (output) => streams.begin(output, { userId: user.id, requestId, from, checkToken }),
        };
      },
    }),
  ];
}
