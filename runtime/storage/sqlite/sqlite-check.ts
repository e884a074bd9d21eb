import { statSync } from 'node:fs';
import { TrolleyError } from '../../define/errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/**
 * A check that writes. It rejects when what is written now would not be found later: nothing can be committed, or the
 * file that is open is no longer the one under its name, in which SQLite alone sees nothing wrong.
 */
export function createSqliteCheck(database: SqliteDatabase, commits: GroupCommit): () => Promise<void> {
  const inode = inodeOf(database.name);
  return async () => {
    if (inodeOf(database.name) !== inode) {
      throw new TrolleyError('unavailable', `${database.name} was removed or replaced`);
    }
    await commits.run(() => {
      database.pragma(`user_version = ${Number(database.pragma('user_version', { simple: true }))}`);
    });
  };
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
