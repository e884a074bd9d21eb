import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ActorError } from '../../define/errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/**
 * A check that writes. It rejects when what is written now would not be found later: nothing can be committed, or the
 * file that is open is no longer the one under its name, in which SQLite alone sees nothing wrong.
 */
export function createSqliteCheck(database: SqliteDatabase, commits: GroupCommit): () => Promise<void> {
  return createFileCheck(database, (sql) => commits.run(() => database.exec(sql)));
}

/** The same, for a file that is written otherwise. */
export function createFileCheck(
  database: SqliteDatabase,
  write: (sql: string) => Promise<unknown>,
): () => Promise<void> {
  const { ino: opened } = statSync(database.name);
  return async () => {
    const found = await stat(database.name).catch(() => undefined);
    if (found?.ino !== opened) {
      throw new ActorError('unavailable', `${database.name} was removed or replaced`);
    }
    await write(`PRAGMA user_version = ${Number(database.pragma('user_version', { simple: true }))}`);
  };
}
