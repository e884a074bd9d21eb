import { ActorError } from '../define/errors.ts';
import type { Clock } from '../define/clock.ts';

/**
 * The outcome of `work`, or `deadline_exceeded` after `limitMs`. The work itself is not stopped; what it does
 * later is unknown to the caller.
 */
export function withTimeLimit<T>(clock: Clock, limitMs: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(limitMs, () => {
      reject(new ActorError('deadline_exceeded', `${what}: no answer within ${limitMs} ms`));
    });
    work.then(resolve, reject).finally(cancel);
  });
}
