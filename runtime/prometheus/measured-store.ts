import type { Clock } from '../define/clock.ts';
import type { StateStore } from '../storage/state-store.ts';
import type { DurationHistogram } from './duration-histogram.ts';

interface MeasuredStoreOptions {
  readonly actor: string;
  readonly store: StateStore;
  readonly states: DurationHistogram<readonly ['actor', 'operation', 'outcome']>;
  readonly clock: Clock;
}

/** The same store; how long its loads and writes take is told to the histogram. */
export function measuredStore({ actor, store, states, clock }: MeasuredStoreOptions): StateStore {
  async function measured<T>(
    operation: 'load' | 'write',
    work: Promise<T>,
    outcomeOf: (result: T) => 'ok' | 'stale',
  ): Promise<T> {
    const startedAt = clock.monotonic();
    let outcome: string = 'failed';
    try {
      const result = await work;
      outcome = outcomeOf(result);
      return result;
    } finally {
      states.observe([actor, operation, outcome], (clock.monotonic() - startedAt) / 1000);
    }
  }
  return {
    load: (key) => measured('load', store.load(key), () => 'ok'),
    write: (write) => measured('write', store.write(write), (isWritten) => (isWritten ? 'ok' : 'stale')),
    unfinished: (dueBefore, limit, writtenAfter) => store.unfinished(dueBefore, limit, writtenAfter),
  };
}
