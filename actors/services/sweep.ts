import type { Clock } from '../../runtime/define/clock.ts';
import type { Logger } from '../../runtime/observe/logger.ts';
import { isForeseen } from '../../runtime/observe/reason.ts';

export interface Sweep {
  /** Starts no more rounds and waits for the one under way. */
  close(): Promise<void>;
}

export interface SweepOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** One round; a failed one is logged, and the next comes as usual. */
  readonly round: () => Promise<void>;
  readonly logger: Logger;
}

/** Runs a round `everyMs` after the start, and then `everyMs` after the end of the one before. */
export function startSweep({ clock, everyMs, round, logger }: SweepOptions): Sweep {
  let closed = false;
  let running = Promise.resolve();
  let cancel = () => {};
  const next = () => {
    cancel = clock.schedule(everyMs, () => {
      running = round().catch((error: unknown) => {
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
