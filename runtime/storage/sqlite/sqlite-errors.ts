import { ActorError } from '../../define/errors.ts';
import { whenUnlocked, type LockWait } from './sqlite-lock.ts';

/** What says that a row is wrong. The rest is about the file, its disk or its schema, and passes. */
const rowCodes = /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/;

/** `internal` for a row that is never taken, `unavailable` for a file in a bad state; what is not SQLite's stays. */
export function sqliteFailure(file: string, error: unknown): unknown {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  const kind = rowCodes.test(code) ? 'internal' : 'unavailable';
  return new ActorError(kind, `${file}: ${(error as Error).message}`, { cause: error });
}

/** @throws ActorError `unavailable` when the file can't be read, for now or at all */
export async function readSqlite<T>(file: string, wait: LockWait, look: () => T): Promise<T> {
  try {
    return await whenUnlocked(file, wait, look);
  } catch (error) {
    throw sqliteFailure(file, error);
  }
}
