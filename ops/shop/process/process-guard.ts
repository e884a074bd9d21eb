import { type Clock, type Logger, systemClock } from '@trolley/runtime';
import { echoMs } from './ending.mjs';
import type { Lifecycle } from './lifecycle.ts';
import type { Progress } from './progress.ts';
import { isStartProblem } from './start-problem.ts';

/** What of `process` is used. */
export interface GuardedProcess {
  /** From now on `listener` hears of each signal. */
  takeSignals(listener: (name: string) => void): void;
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  /** Ends it at once. */
  exit(code: number): void;
  /** Ends it when its last lines have been read, or will not be. */
  exitWhenTold(code: number): Promise<void>;
}

interface Surroundings {
  readonly lifecycle: Lifecycle;
  readonly progress: Progress;
  readonly log: Logger;
  readonly clock?: Clock;
}

const interrupted = 130;

export interface ProcessGuard {
  /** Whether the end has begun: then a start that fails has been told to. */
  readonly ending: boolean;
}

/**
 * Ends the process in order: gracefully on the first signal, at once on the second; gracefully and with
 * exit code 1 on a failure that nobody caught.
 */
export function guardProcess(
  process: GuardedProcess,
  { lifecycle, progress, log, clock = systemClock }: Surroundings,
): ProcessGuard {
  let firstAt: number | undefined;

  process.takeSignals((name) => {
    if (firstAt === undefined) {
      firstAt = clock.monotonic();
      progress.say(`Stopping on ${name}: what has begun is finished first. Ctrl-C again ends it at once.`);
      void lifecycle.stop().then(() => {
        progress.say('Stopped.');
        return process.exitWhenTold(0);
      });
    } else if (clock.monotonic() - firstAt > echoMs) {
      progress.warn('Ended at once; the next start recovers what was under way.');
      lifecycle.kill();
      process.exit(interrupted);
    }
  });

  let failed = false;
  const onFailure = (what: string, error: unknown) => {
    log.fatal({ err: error }, what);
    if (failed) return;
    failed = true;
    progress.fail(`${isStartProblem(error) ? error.message : `${what}: ${String(error)}`} Stopping.`);
    void lifecycle.stop().then(() => process.exitWhenTold(1));
  };
  process.on('uncaughtException', (error) => onFailure('an error that nobody caught', error));
  process.on('unhandledRejection', (error) => onFailure('a rejection that nobody handled', error));
  void lifecycle.failure.then((error) => onFailure('a part that is needed has failed', error));

  return {
    get ending() {
      return failed || firstAt !== undefined;
    },
  };
}
