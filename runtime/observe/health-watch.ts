import type { Clock } from '../define/clock.ts';
import type { Logger } from './logger.ts';
import type { Readiness } from './readiness.ts';

export interface HealthWatchOptions {
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes a look at the dependencies, to be taken now and then: a line in the log when one begins to fail, and one when
 * it works again. What comes of it elsewhere meanwhile is not told at this level.
 */
export function watchHealth({ readiness, clock, logger }: HealthWatchOptions): () => Promise<void> {
  const failingSince = new Map<string, number>();

  return async () => {
    const { dependencies, reasons } = await readiness();
    const now = clock.monotonic();
    for (const dependency of Object.keys(dependencies)) {
      const since = failingSince.get(dependency);
      const reason = reasons[dependency];
      if (reason !== undefined && since === undefined) {
        failingSince.set(dependency, now);
        logger.warn({ dependency, reason }, 'a dependency fails');
      } else if (reason === undefined && since !== undefined) {
        failingSince.delete(dependency);
        const seconds = Math.max(1, Math.round((now - since) / 1000));
        logger.info({ dependency, seconds }, `a dependency works again, after ${seconds} s`);
      }
    }
  };
}
