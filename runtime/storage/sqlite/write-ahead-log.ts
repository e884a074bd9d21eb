import { close, closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { SqliteDatabase } from './sqlite-database.ts';

/** What makes the commits of a database survive a power failure. */
export interface CommitFlush {
  /** Resolves once all that was committed before the call is on disk. Rejects when that is not known. */
  flush(): Promise<void>;
  /** The same, at once: the process stands still. */
  flushNow(): void;
  /** Brings what a failed flush may have left behind to the disk by another way. Throws when that fails, too. */
  mend(): void;
  close(): void;
}

const flushData = promisify(fdatasync);

/**
 * The write-ahead log of an open database, flushed by us: SQLite writes it with each commit, and does not wait for the
 * disk. At a checkpoint it still flushes by itself, the log before the database file, so that these two never part.
 */
export class WriteAheadLog implements CommitFlush {
  readonly #database: SqliteDatabase;
  /** SQLite keeps the file while the database is open, and makes no other in its place. */
  readonly #file: number;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(database: SqliteDatabase) {
    this.#database = database;
    database.pragma('synchronous = NORMAL');
    const path = realpathSync(database.name);
    this.#file = openSync(`${path}-wal`, 'r+');
    // Also what a process that was killed had committed and not flushed: it is there to be read from now on.
    this.flushNow();
    flushFolder(dirname(path));
  }

  flush(): Promise<void> {
    const flushing = flushData(this.#file);
    this.#underWay = Promise.allSettled([this.#underWay, flushing]);
    return flushing;
  }

  flushNow(): void {
    fdatasyncSync(this.#file);
  }

  mend(): void {
    // The system forgets what it could not write, so flushing once more would prove nothing. All goes to the
    // database file instead, and the log begins anew.
    const [{ busy } = { busy: 1 }] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (busy !== 0) throw new Error('the log is being read, and cannot begin anew');
    this.flushNow();
  }

  close(): void {
    if (this.#database.open) this.#database.pragma('synchronous = FULL');
    void this.#underWay.then(() => close(this.#file));
  }
}

/** What the folder lists: a file that it does not list after a power failure is lost with all that is in it. */
function flushFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
