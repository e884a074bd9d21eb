import { createRequire } from 'node:module';

/** What is needed of kafkajs' queue of requests, one per connection. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

let done = false;

/**
 * After each answer kafkajs looks again, a millisecond later and from then on each millisecond, whether a request
 * waits that was held back; newer versions of Node also warn, since it asks for a time in the past. Here it looks
 * only while a request waits.
 */
export function leaveNoTimers(): void {
  if (done) return;
  done = true;
  const load = createRequire(import.meta.url);
  const { prototype } = load('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this);
  };
}
