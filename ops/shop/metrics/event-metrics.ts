import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventObserver } from '../../../gateway/events/event-streams.ts';

/** Streams of events. */
export function eventMetrics(registry: Registry): EventObserver {
  const registers = [registry];
  const streams = new Gauge({
    name: 'trolley_event_streams',
    help: 'Streams of events that are open.',
    registers,
  });
  const sent = new Counter({
    name: 'trolley_events_sent_total',
    help: 'Events that were sent to readers. Type: cart, checkout, order.',
    labelNames: ['type'],
    registers,
  });
  const ended = new Counter({
    name: 'trolley_event_streams_ended_total',
    help: 'Streams of events that have ended. Reason: left, slow, token, lifetime, drained.',
    labelNames: ['reason'],
    registers,
  });
  return {
    open: (count) => streams.set(count),
    sent: (type) => sent.inc({ type }),
    ended: (reason) => ended.inc({ reason }),
  };
}
