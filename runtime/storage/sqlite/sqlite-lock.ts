import { pause, systemClock, type Clock } from '../../define/clock.ts';
import { ActorError } from '../../define/errors.ts';
import { backOffMs } from '../../flow/back-off.ts';
import { sqliteProblem } from './sqlite-problem.ts';

/*
 * A file that another process holds, such as an operator's `BEGIN IMMEDIATE`. SQLite's own waiting for it is a sleep
 * of the whole process. So connections are opened without it, and what finds the file locked comes again.
 */

export interface LockWait {
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** How long another process may stand in the way before it is `unavailable`. Default 2000. */
  readonly lockWaitMs?: number | undefined;
}

export const defaultLockWaitMs = 2_000;

/** Whether another connection stands in the way, which passes. */
export function isLocked(error: unknown): boolean {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}

/** Of the attempts while another process stands in the way. */
export const lockRetry = { firstMs: 5, maxMs: 100 };

export function lockedOut(file: string, cause: unknown): ActorError {
  return new ActorError('unavailable', `${file} is locked by another process`, { cause });
}

/**
 * Runs `work`, which changes nothing when it throws, and again while another process stands in its way.
 *
 * @throws ActorError `unavailable` when that lasts longer than `lockWaitMs`, or when the file is damaged or can't be
 *   read or written: in a sentence that names it
 */
export async function whenUnlocked<T>(
  file: string,
  { clock = systemClock, lockWaitMs = defaultLockWaitMs }: LockWait,
  work: () => T,
): Promise<T> {
  const startedAt = clock.monotonic();
  for (let attempt = 0; ; attempt++) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error)) throw sqliteProblem(file, error) ?? error;
      if (clock.monotonic() - startedAt >= lockWaitMs) throw lockedOut(file, error);
    }
    await pause(clock, backOffMs(lockRetry, attempt));
  }
}
