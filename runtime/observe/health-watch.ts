import type { Clock } from '../define/clock.ts';
import type { Logger } from './logger.ts';
import type { Readiness } from './readiness.ts';

export interface HealthWatchOptions {
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes a look at the dependencies, to be taken now and then: a line in the log for those that began to fail since the
 * last one, and a line for those that work again. What comes of it elsewhere meanwhile is not told at these levels.
 */
export function watchHealth({ readiness, clock, logger }: HealthWatchOptions): () => Promise<void> {
  const failingSince = new Map<string, number>();

  return async () => {
    const { dependencies, reasons } = await readiness();
    const now = clock.monotonic();
    const fresh = Object.entries(reasons).filter(([name]) => !failingSince.has(name));
    const back = [...failingSince].filter(([name]) => dependencies[name] === 'ok');
    for (const [name] of fresh) failingSince.set(name, now);
    for (const [name] of back) failingSince.delete(name);
    if (fresh.length > 0) {
      const names = fresh.map(([name]) => name).join(', ');
      logger.warn({ reasons: Object.fromEntries(fresh) }, `not working: ${names}`);
    }
    if (back.length > 0) {
      const told = back.map(
        ([name, since]) => `${name}, after ${Math.max(1, Math.round((now - since) / 1000))} s`,
      );
      logger.info(`working again: ${told.join('; ')}`);
    }
  };
}
