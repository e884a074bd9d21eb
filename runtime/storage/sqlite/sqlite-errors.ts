import { ActorError } from '../../define/errors.ts';

/** What says that a row is wrong. The rest is about the file, its disk or its schema, and passes. */
const rowCodes = /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/;

/** `internal` for a row that is never taken, `unavailable` for a file in a bad state; what is not SQLite's stays. */
export function sqliteFailure(file: string, error: unknown): unknown {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  const kind = rowCodes.test(code) ? 'internal' : 'unavailable';
  return new ActorError(kind, `${file}: ${(error as Error).message}`, { cause: error });
}
