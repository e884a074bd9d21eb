import { z } from 'zod';
import { describeRoute } from './describe-route.ts';

export const followEvents = describeRoute({
  operationId: 'followEvents',
  tag: 'Events',
  summary: 'What becomes of the cart, the checkouts and the orders of the user.',
  description:
    'Server-sent events, without end: `cart` (`{"version","cart":Cart}`), `checkout` ' +
    '(`{"version","checkout":CheckoutWithHistory}`) and `order` (`{"version","order":Order}`), each in its newest ' +
    'state; `ready` once all that came before is told; `reset` (`{"of":"checkout"}`) where what was before is not known, ' +
    'so that lists have to be read anew. Nothing is lost behind `Last-Event-ID`, and some of it may come again: the same ' +
    'version of the same thing is a repeat.',
  method: 'GET',
  path: '/api/v1/events',
  access: 'user',
  resumable: true,
  answers: {
    200: {
      description: 'The stream.',
      body: z.string(),
      contentType: 'text/event-stream',
      headers: ['X-Accel-Buffering'],
    },
  },
  refusals: ['invalid_last_event_id', 'too_many_streams'],
});
