import pg from 'pg';
import { TrolleyError } from '../../define/errors.ts';

/** SQLSTATE classes that say something of the server, not of the statement. */
const serverClasses = new Set(['08', '53', '57', '58']);

/**
 * Whether the server refused this statement and undid all of it, because of what was in it. Anything else, a
 * lost connection above all, leaves open whether it was committed.
 */
export function isStatementRefused(error: unknown): error is pg.DatabaseError {
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') return false;
  return error.code !== undefined && !serverClasses.has(error.code.slice(0, 2));
}

/** Whether the same statement may succeed at once: it lost a race (deadlock, unique index). */
export function isLostRace(error: pg.DatabaseError): boolean {
  return error.code === '23505' || error.code?.startsWith('40') === true;
}

/** `internal` for a statement that was refused, else `unavailable`: the outcome is unknown. */
export function postgresFailure(table: string, error: unknown): TrolleyError {
  return isStatementRefused(error)
    ? new TrolleyError('internal', `table ${table}: ${error.message}`, { cause: error })
    : new TrolleyError('unavailable', `table ${table}: the database does not answer`, { cause: error });
}
