import { ActorError } from '../../define/errors.ts';

/**
 * Takes an advisory lock that lasts as long as the session, alone or with others that take it `shared`. Where another
 * has it: false.
 *
 * @throws ActorError `unavailable` on a standby, whose locks hold nobody off
 */
export async function tryAdvisoryLock(
  ask: (
    text: string,
    values: unknown[],
  ) => Promise<{ readonly rows: readonly { readonly held?: boolean | null }[] }>,
  lockId: number,
  shared = false,
): Promise<boolean> {
  const tryLock = shared ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
  const { rows } = await ask(
    `SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE ${tryLock}($1) END AS held`,
    [lockId],
  );
  const held = rows[0]?.held ?? undefined;
  if (held === undefined) throw new ActorError('unavailable', 'this PostgreSQL is a standby');
  return held;
}
