import { pause, type Clock } from '../../runtime/define/clock.ts';
import type { Logger } from '../../runtime/observe/logger.ts';

/** Actors that still have something to do, by the store of record; `PostgresStateStore` is one. */
export interface Unfinished {
  /** Keys not written since `untouchedSince` (milliseconds since the epoch), longest untouched first. */
  unfinished(untouchedSince: number, limit: number): Promise<readonly string[]>;
}

export interface RecoverySweepOptions {
  /** For the log. */
  readonly name: string;
  readonly store: Unfinished;
  /** Tells the actor `Resume`: its arrival wakes the actor, and that goes on with what it still wants. */
  readonly resume: (key: string) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollMs: number;
  /** Younger ones are most likely under way. Default: 10 s. */
  readonly untouchedMs?: number;
  /** At most so many at a time. What is lost is longest untouched, so it never waits behind what runs. Default: 500. */
  readonly maxBatch?: number;
}

export interface RecoverySweep {
  /** Ends after the sweep under way. */
  stop(): Promise<void>;
}

/**
 * Sweeps at once and then every `pollMs`. It makes up for what is lost with a mailbox: a saga whose node died
 * together with Redis's memory of it is found here, in the store of record.
 */
export function startRecoverySweep(options: RecoverySweepOptions): RecoverySweep {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      await sweep(options);
      await pause(options.clock, options.pollMs, stopping.signal);
    }
  };
  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function sweep(options: RecoverySweepOptions): Promise<void> {
  const { name, store, resume, clock, logger, untouchedMs = 10_000, maxBatch = 500 } = options;
  try {
    const keys = await store.unfinished(clock.now() - untouchedMs, maxBatch);
    if (keys.length === 0) return;
    const results = await Promise.allSettled(keys.map((key) => resume(key)));
    const failed = results.find((result) => result.status === 'rejected');
    logger.debug({ sweep: name, found: keys.length }, 'woke what had been left unfinished');
    if (failed !== undefined)
      logger.warn({ sweep: name, err: failed.reason as unknown }, 'some could not be woken');
  } catch (error) {
    logger.warn({ sweep: name, err: error }, 'could not look for what is unfinished');
  }
}
