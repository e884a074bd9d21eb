import { statSync } from 'node:fs';
import { pause, systemClock, type Clock } from '../../define/clock.ts';
import { ActorError } from '../../define/errors.ts';
import { backOffMs } from '../../flow/back-off.ts';
import { sqliteFailure } from './sqlite-errors.ts';
import { defaultLockWaitMs, isLocked, lockRetry, lockedOut, type LockWait } from './sqlite-lock.ts';
import { sqliteProblem } from './sqlite-problem.ts';
import { sqliteError, WriterThread, type SqliteWrite, type WriteResult } from './writer-thread.ts';

export interface SqliteWriterOptions extends LockWait {
  /** Writes that may wait; one more is refused with `unavailable`. Default 10000. */
  readonly maxQueued?: number;
  /** Writes in one transaction. Default 500. */
  readonly maxGroup?: number;
  /** Default: a thread for the file. */
  readonly startThread?: (file: string, inode: number) => Pick<WriterThread, 'commit' | 'close' | 'hasEnded'>;
}

interface Queued {
  /** On the monotonic clock. */
  readonly since: number;
  readonly write: SqliteWrite;
  readonly resolve: (changes: number) => void;
  readonly reject: (reason: unknown) => void;
}

/** Of groups for which a thread has to be started, while it keeps ending. */
const threadRetry = { firstMs: 20, maxMs: 1_000 };

/**
 * Writes of many callers to one SQLite file, made by a thread of its own: statements and disk cost the event loop
 * one message for each group. Writes that come while a group is under way make the next one.
 *
 * Nobody is answered before his group is on disk, and nobody sees it before: SQLite flushes the log at the commit,
 * and only then shows the commit to other connections. So the event loop reads by a connection of its own.
 */
export class SqliteWriter {
  readonly #file: string;
  readonly #inode: number;
  readonly #clock: Clock;
  readonly #lockWaitMs: number;
  readonly #maxQueued: number;
  readonly #maxGroup: number;
  readonly #startThread: NonNullable<SqliteWriterOptions['startThread']>;
  #thread: ReturnType<NonNullable<SqliteWriterOptions['startThread']>>;
  #queue: Queued[] = [];
  /** Settled when nothing waits and nothing is under way. */
  #work: Promise<void> | undefined;
  /** How often in a row the file was found locked, and the thread ended. */
  #lockedOut = 0;
  #ended = 0;
  #isClosed = false;

  /** The file has to be there, with its tables. */
  constructor(file: string, options: SqliteWriterOptions = {}) {
    this.#file = file;
    this.#inode = statSync(file).ino;
    this.#clock = options.clock ?? systemClock;
    this.#lockWaitMs = options.lockWaitMs ?? defaultLockWaitMs;
    this.#maxQueued = options.maxQueued ?? 10_000;
    this.#maxGroup = options.maxGroup ?? 500;
    this.#startThread = options.startThread ?? ((name, inode) => new WriterThread(name, inode));
    this.#thread = this.#startThread(file, this.#inode);
  }

  /**
   * Resolves with how many rows the first statement changed, once that is on disk. Rejects with `internal` for a row
   * that is never taken; with `unavailable` when too many wait, when closed, when another process keeps the file
   * locked, when the group could not be committed, or when the thread ended meanwhile, so that nobody knows.
   */
  run(write: SqliteWrite): Promise<number> {
    if (this.#isClosed) return Promise.reject(new ActorError('unavailable', 'the store is closed'));
    if (this.#queue.length >= this.#maxQueued) {
      return Promise.reject(new ActorError('unavailable', 'too many writes are waiting'));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ since: this.#clock.monotonic(), write, resolve, reject });
      this.#work ??= this.#writeAll();
    });
  }

  /** Refuses what comes from now on, writes what waits, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    await this.#thread.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#turn();
      await this.#writeGroup(this.#queue.splice(0, this.#maxGroup));
    }
    this.#work = undefined;
  }

  /** What the same turn of the event loop brings goes together; after a failure it waits longer. */
  #turn(): Promise<void> {
    const waits = [
      ...(this.#lockedOut > 0 ? [backOffMs(lockRetry, this.#lockedOut - 1)] : []),
      ...(this.#ended > 0 ? [backOffMs(threadRetry, this.#ended - 1)] : []),
    ];
    if (waits.length === 0) return new Promise(setImmediate);
    return pause(this.#clock, Math.max(...waits));
  }

  async #writeGroup(group: readonly Queued[]): Promise<void> {
    try {
      if (this.#thread.hasEnded) this.#thread = this.#startThread(this.#file, this.#inode);
      const results = await this.#thread.commit(group.map(({ write }) => write));
      this.#lockedOut = this.#ended = 0;
      for (const [index, each] of group.entries()) this.#settle(each, results[index]);
    } catch (cause) {
      this.#ended = this.#thread.hasEnded ? this.#ended + 1 : 0;
      if (isLocked(cause)) this.#keepWaiting(group, cause);
      else this.#refuse(group, this.#couldNotCommit(cause));
    }
  }

  #settle({ resolve, reject }: Queued, result: WriteResult | undefined): void {
    if (typeof result === 'number') resolve(result);
    else reject(sqliteFailure(this.#file, sqliteError(result ?? { message: 'no result' })));
  }

  /** Another process holds the file: who has waited long enough for it hears so, the others go on waiting. */
  #keepWaiting(group: readonly Queued[], cause: unknown): void {
    const waiting = [...group, ...this.#queue];
    const overdueSince = this.#clock.monotonic() - this.#lockWaitMs;
    const isOverdue = ({ since }: Queued) => this.#isClosed || since <= overdueSince;
    this.#queue = waiting.filter((each) => !isOverdue(each));
    this.#lockedOut = this.#queue.length === 0 ? 0 : this.#lockedOut + 1;
    this.#refuse(waiting.filter(isOverdue), lockedOut(this.#file, cause));
  }

  #refuse(writes: readonly Queued[], error: ActorError): void {
    for (const { reject } of writes) reject(error);
  }

  #couldNotCommit(cause: unknown): ActorError {
    const named = sqliteProblem(this.#file, cause) ?? cause;
    return new ActorError('unavailable', 'the write could not be committed', { cause: named });
  }
}
