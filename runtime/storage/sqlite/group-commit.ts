import { systemClock, type Clock } from '../../define/clock.ts';
import { ActorError } from '../../define/errors.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-errors.ts';
import { defaultLockWaitMs, isLocked, lockBackOffMs, lockedOut, type LockWait } from './sqlite-lock.ts';
import { sqliteProblem } from './sqlite-problem.ts';

export interface GroupCommitOptions extends LockWait {
  /** Works that may wait; one more is refused with `unavailable`. Default 10000. */
  readonly maxQueued?: number;
  /** Works in one transaction, which bounds how long the event loop stands still. Default 500. */
  readonly maxBatch?: number;
}

interface Queued {
  /** On the monotonic clock. */
  readonly since: number;
  /** Performs the work; returns what to tell its caller once the group is committed. */
  run(): () => void;
  fail(error: unknown): void;
}

/**
 * Writes of many callers in one transaction, so that they share one flush to disk.
 *
 * A work sees what the works before it wrote, and one that throws undoes only itself. Nobody is
 * answered before the commit: an answer means that the write is durable.
 */
export class GroupCommit {
  readonly #database: SqliteDatabase;
  readonly #maxQueued: number;
  readonly #maxBatch: number;
  readonly #clock: Clock;
  readonly #lockWaitMs: number;
  #queue: Queued[] = [];
  #scheduled = false;
  /** How often in a row the file was found locked, for those who wait. */
  #lockedOut = 0;
  #closed = false;

  constructor(database: SqliteDatabase, options: GroupCommitOptions = {}) {
    this.#database = database;
    this.#maxQueued = options.maxQueued ?? 10_000;
    this.#maxBatch = options.maxBatch ?? 500;
    this.#clock = options.clock ?? systemClock;
    this.#lockWaitMs = options.lockWaitMs ?? defaultLockWaitMs;
  }

  /**
   * Runs `work`, which must be synchronous, within the next group. Rejects with what it threw, SQLite's own
   * errors as `internal` or `unavailable`; with `unavailable` when too many wait, when closed, when another process keeps the file locked, or when the group
   * could not be committed.
   */
  run<T>(work: (database: SqliteDatabase) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new ActorError('unavailable', 'the store is closed'));
    if (this.#queue.length >= this.#maxQueued) {
      return Promise.reject(new ActorError('unavailable', 'too many writes are waiting'));
    }
    return new Promise<T>((resolve, reject: (reason: unknown) => void) => {
      this.#queue.push({
        since: this.#clock.monotonic(),
        run: () => {
          const value = work(this.#database);
          return () => resolve(value);
        },
        fail: reject,
      });
      this.#schedule();
    });
  }

  /** How many works wait for the next group. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Refuses what comes from now on and commits what waits; what another process does not let through is refused, too.
   * The database stays open.
   */
  close(): void {
    this.#closed = true;
    while (this.#queue.length > 0) this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const next = () => {
      this.#scheduled = false;
      if (this.#queue.length > 0) this.#flush();
      if (this.#queue.length > 0) this.#schedule();
    };
    if (this.#lockedOut === 0) setImmediate(next);
    else this.#clock.schedule(lockBackOffMs(this.#lockedOut - 1), next);
  }

  #flush(): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      this.#lockedOut = 0;
    } catch (cause) {
      if (isLocked(cause)) return this.#keepWaiting(cause);
      return this.#refuse(this.#takeGroup(), this.#couldNotCommit(cause));
    }
    const group = this.#takeGroup();
    let answers: (() => void)[];
    try {
      answers = group.map((each) => this.#runOne(each));
      this.#database.exec('COMMIT');
    } catch (cause) {
      if (this.#database.open && this.#database.inTransaction) this.#database.exec('ROLLBACK');
      return this.#refuse(group, this.#couldNotCommit(cause));
    }
    for (const answer of answers) answer();
  }

  #takeGroup(): Queued[] {
    return this.#queue.splice(0, this.#maxBatch);
  }

  /** Another process holds the file: who has waited long enough for it hears so, the others go on waiting. */
  #keepWaiting(cause: unknown): void {
    const overdueSince = this.#clock.monotonic() - this.#lockWaitMs;
    const isOverdue = ({ since }: Queued) => this.#closed || since <= overdueSince;
    const overdue = this.#queue.filter(isOverdue);
    this.#queue = this.#queue.filter((each) => !isOverdue(each));
    this.#lockedOut = this.#queue.length === 0 ? 0 : this.#lockedOut + 1;
    this.#refuse(overdue, lockedOut(this.#database.name, cause));
  }

  #refuse(works: readonly Queued[], error: ActorError): void {
    for (const each of works) each.fail(error);
  }

  #couldNotCommit(cause: unknown): ActorError {
    const named = sqliteProblem(this.#database.name, cause) ?? cause;
    return new ActorError('unavailable', 'the write could not be committed', { cause: named });
  }

  #runOne(each: Queued): () => void {
    this.#database.exec('SAVEPOINT work');
    try {
      const answer = each.run();
      this.#database.exec('RELEASE work');
      return answer;
    } catch (error) {
      // A full disk or a broken file ends the whole transaction, and with it the group.
      if (!this.#database.inTransaction) throw error;
      this.#database.exec('ROLLBACK TO work; RELEASE work');
      return () => each.fail(sqliteFailure(this.#database.name, error));
    }
  }
}
