import pg from 'pg';
import { ActorError } from '../../define/errors.ts';

/**
 * What says that a row is wrong: data exceptions, violated constraints, a violated check option. Whatever else a server
 * says is about itself, the session or the schema, and passes: read-only after a failover, no space, no privilege, a
 * table that is being migrated.
 */
const rowClasses = new Set(['22', '23', '44']);
/** Too large for an index, or nested too deep. The rest of class 54 is about the statement. */
const rowCodes = new Set(['54000', '54001']);

/** Whether the server will never take what was in the statement, and undid all of it. */
export function isRowRefused(error: unknown): error is pg.DatabaseError {
  const code = codeOf(error);
  return rowClasses.has(code.slice(0, 2)) || rowCodes.has(code);
}

/** Whether the same statement may succeed at once: it lost a race (deadlock, unique index), and was undone. */
export function isLostRace(error: unknown): boolean {
  const code = codeOf(error);
  return code === '23505' || code.startsWith('40');
}

const readOnly = '25006';
const statementUnknown = '26000';

/**
 * Whether other connections are probably as useless as the one that this came over: they lead to a server that is no
 * longer the one to write to, nobody answers at the other end, or what was prepared there does not hold any more.
 */
export function isConnectionOutdated(error: unknown): boolean {
  // The driver gives its own time-out no code.
  if (error instanceof Error && error.message === 'Query read timeout') return true;
  return [readOnly, statementUnknown].includes(codeOf(error)) || isPlanOutdated(error);
}

/** The type of a column has changed; the code says no more than that something is not supported. */
function isPlanOutdated(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.routine === 'RevalidateCachedQuery';
}

/** `internal` for a row that is never taken, else `unavailable`: nothing happened, or the outcome is unknown. */
export function postgresFailure(table: string, error: unknown): ActorError {
  if (isRowRefused(error))
    return new ActorError('internal', `table ${table}: ${error.message}`, { cause: error });
  const reason =
    error instanceof pg.DatabaseError
      ? `the database refuses for now: ${error.message}`
      : 'the database does not answer';
  return new ActorError('unavailable', `table ${table}: ${reason}`, { cause: error });
}

/** Not by its severity, which the server says in its own language. */
function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}
