import type { Clock, Logger } from '@trolley/runtime';
import { isForeseen } from '@trolley/runtime/observe';

export interface Sweep {
  /** Starts no more batches and waits for the one under way. */
  close(): Promise<void>;
}

export interface SweepOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /**
   * A look, or one batch and how many it removed: while there were some, the next comes at once. One that fails is
   * logged, and the next comes as usual.
   */
  readonly round: () => Promise<number> | Promise<void>;
  readonly logger: Logger;
}

/** Sweeps `everyMs` after the start, and then `everyMs` after the end of the time before. */
export function startSweep({ clock, everyMs, round, logger }: SweepOptions): Sweep {
  let closed = false;
  let running = Promise.resolve();
  let cancel = () => {};
  const sweepUp = async () => {
    while (Number(await round()) > 0 && !closed);
  };
  const next = () => {
    cancel = clock.schedule(everyMs, () => {
      running = sweepUp().catch((error: unknown) => {
        const level = isForeseen(error) ? 'debug' : 'error';
        logger[level]({ err: error }, 'a sweep failed');
      });
      void running.then(() => {
        if (!closed) next();
      });
    });
  };
  next();
  return {
    async close() {
      closed = true;
      cancel();
      await running;
    },
  };
}
