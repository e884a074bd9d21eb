import { close, closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Statement } from 'better-sqlite3';
import { Checkpoints } from './checkpoints.ts';
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

export interface LogOptions {
  /** Rows that may change before there is another checkpoint. Default 500. */
  readonly checkpointRows?: number;
  /** Pages of a log that did not begin anew, from which on a flush waits for a checkpoint, and all who write with it. Default 2000. */
  readonly longPages?: number;
  readonly checkpoints?: Pick<Checkpoints, 'make' | 'release'>;
}

const flushData = promisify(fdatasync);

/** So many times the rows of a checkpoint may change while it is made; then a flush waits for it. */
const maxAhead = 4;
/** Pages at SQLite's own checkpoints, within a commit: where ours don't come, or not soon enough. */
const [lastPages, usualPages] = [8_000, 1_000];

/**
 * The write-ahead log of an open database, flushed by us: SQLite writes it with each commit, and does not wait for the
 * disk. At a checkpoint, which a thread of its own makes, it still flushes by itself, the log before the database file,
 * so that these two never part.
 */
export class WriteAheadLog implements CommitFlush {
  readonly #database: SqliteDatabase;
  /** SQLite keeps the file while the database is open, and makes no other in its place. */
  readonly #file: number;
  readonly #checkpoints: Pick<Checkpoints, 'make' | 'release'>;
  readonly #rowsChanged: Statement<[], number>;
  readonly #checkpointRows: number;
  readonly #longPages: number;
  #rowsAtCheckpoint = 0;
  #checkpoint: Promise<void> | undefined;
  /** Its last checkpoint found it so, and nobody waited for that one. */
  #isLong = false;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(database: SqliteDatabase, options: LogOptions = {}) {
    this.#database = database;
    this.#checkpointRows = options.checkpointRows ?? 500;
    this.#longPages = options.longPages ?? 2_000;
    this.#checkpoints = options.checkpoints ?? new Checkpoints(database.name);
    this.#rowsChanged = database.prepare<[], number>('SELECT total_changes()').pluck();
    database.pragma('synchronous = NORMAL');
    database.pragma(`wal_autocheckpoint = ${lastPages}`);
    this.#file = openLog(database);
    flushFound(database);
  }

  flush(): Promise<void> {
    const flushing = flushData(this.#file);
    this.#underWay = Promise.allSettled([this.#underWay, flushing]);
    const emptied = this.#checkpointIfDue();
    return emptied === undefined ? flushing : Promise.all([flushing, emptied]).then(() => undefined);
  }

  /** What the flush, and with it the next group, has to wait for: a log into which nothing comes can begin anew. */
  #checkpointIfDue(): Promise<void> | undefined {
    const rows = (this.#rowsChanged.get() ?? 0) - this.#rowsAtCheckpoint;
    if (this.#checkpoint !== undefined) {
      return rows < this.#checkpointRows * maxAhead ? undefined : this.#checkpoint;
    }
    if (!this.#isLong && rows < this.#checkpointRows) return undefined;
    this.#rowsAtCheckpoint += rows;
    const isWaitedFor = this.#isLong;
    this.#checkpoint = this.#checkpoints.make().then((made) => {
      this.#checkpoint = undefined;
      this.#isLong = !isWaitedFor && (made?.log ?? 0) >= this.#longPages;
    });
    return isWaitedFor ? this.#checkpoint : undefined;
  }

  flushNow(): void {
    fdatasyncSync(this.#file);
  }

  mend(): void {
    this.#checkpoints.release();
    // The system forgets what it could not write, so flushing once more would prove nothing. All goes to the
    // database file instead, and the log begins anew.
    const [{ busy } = { busy: 1 }] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (busy !== 0) throw new Error('the log is being read, and cannot begin anew');
    this.flushNow();
  }

  close(): void {
    // Before the database is closed: the last one that closes it leaves no log behind.
    this.#checkpoints.release();
    if (this.#database.open) {
      this.#database.pragma('synchronous = FULL');
      this.#database.pragma(`wal_autocheckpoint = ${usualPages}`);
    }
    void this.#underWay.then(() => close(this.#file));
  }
}

const openLog = ({ name }: SqliteDatabase) => openSync(`${realpathSync(name)}-wal`, 'r+');

/** What a process that was killed had committed and not flushed is there to be read: it has to stay. */
export function flushFound(database: SqliteDatabase): void {
  const log = openLog(database);
  try {
    fdatasyncSync(log);
  } finally {
    closeSync(log);
  }
  flushFolder(dirname(realpathSync(database.name)));
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
