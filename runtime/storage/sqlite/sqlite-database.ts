import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { makeFolder } from '../make-folder.ts';
import { ActorError } from '../../define/errors.ts';
import { whenUnlocked, type LockWait } from './sqlite-lock.ts';
import { sqliteProblem } from './sqlite-problem.ts';

export type SqliteDatabase = Database.Database;

/**
 * What brings the schema from version n to n + 1, n being its place in the list. Only ever appended to: a file in the
 * field has already run what stands here. SQL, or a function where that can't say it.
 */
export type SqliteMigration = string | ((database: SqliteDatabase) => void);

export interface SqliteOptions extends LockWait {
  /** Path of the file; its folder is made when it is not there. */
  readonly file: string;
  readonly migrations: readonly SqliteMigration[];
  /** Fills a file that is new, in the transaction that makes its tables. */
  readonly seed?: (database: SqliteDatabase) => void;
}

/**
 * Opens a database file and brings its schema up to date. What is committed survives a crash of the
 * process and of the machine: write-ahead log, one flush per commit. A statement that finds the file locked
 * throws at once: see `whenUnlocked`.
 *
 * @throws ActorError `internal` when the file is of a newer version than this program knows, `unavailable` when
 *   another process keeps it locked, or when it is damaged or can't be read or written: in a sentence that names it
 */
export async function openSqlite(options: SqliteOptions): Promise<SqliteDatabase> {
  try {
    return await openFile(options);
  } catch (error) {
    throw sqliteProblem(options.file, error) ?? error;
  }
}

async function openFile(options: SqliteOptions): Promise<SqliteDatabase> {
  makeFolder(dirname(options.file));
  const database = new Database(options.file, { timeout: 0 });
  try {
    await whenUnlocked(options.file, options, () => {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      migrate(database, options);
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: SqliteDatabase, { file, migrations, seed }: SqliteOptions): void {
  const run = database.transaction(() => {
    const version = Number(database.pragma('user_version', { simple: true }));
    if (version > migrations.length) {
      throw new ActorError(
        'internal',
        `${file} has schema version ${version}, this program knows only ${migrations.length}`,
      );
    }
    for (const step of migrations.slice(version)) {
      if (typeof step === 'string') database.exec(step);
      else step(database);
    }
    if (version === 0) seed?.(database);
    database.pragma(`user_version = ${migrations.length}`);
  });
  // Immediate: of two processes that open a new file at once, one waits and then finds it made.
  run.immediate();
}
