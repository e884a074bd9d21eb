import type { Statement } from 'better-sqlite3';
import { systemClock, type Clock } from '../../define/clock.ts';
import { ActorError } from '../../define/errors.ts';
import { backOffMs } from '../../flow/back-off.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-errors.ts';
import {
  defaultLockWaitMs,
  isLocked,
  lockRetry,
  lockedOut,
  whenUnlocked,
  type LockWait,
} from './sqlite-lock.ts';
import { sqliteProblem } from './sqlite-problem.ts';
import { WriteAheadLog, type CommitFlush } from './write-ahead-log.ts';

export interface GroupCommitOptions extends LockWait {
  /** Works that may wait; one more is refused with `unavailable`. Default 10000. */
  readonly maxQueued?: number;
  /** Works in one transaction, which bounds how long the event loop stands still. Default 500. */
  readonly maxBatch?: number;
  /** Default: that of the database's write-ahead log. */
  readonly log?: CommitFlush;
}

interface Queued {
  /** On the monotonic clock. */
  readonly since: number;
  /** Performs the work; returns what to tell its caller once the group is on disk. */
  run(): () => void;
  fail(error: unknown): void;
}

/** Works that share a transaction, and what to tell the caller of each once it is on disk. */
interface Group {
  readonly works: readonly Queued[];
  readonly answers: readonly (() => void)[];
}

/**
 * Writes of many callers in one transaction, so that they share one flush to disk, during which the event loop goes
 * on and the next group gathers.
 *
 * A work sees what the works before it wrote, and one that throws undoes only itself. Nobody is answered before the
 * flush, readers neither: an answer means that what it tells of is durable.
 */
export class GroupCommit {
  readonly #database: SqliteDatabase;
  readonly #log: CommitFlush;
  readonly #maxQueued: number;
  readonly #maxBatch: number;
  readonly #clock: Clock;
  readonly #lockWaitMs: number;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #changes: Statement;
  #queue: Queued[] = [];
  #scheduled = false;
  #flushing = false;
  /** Of all that was committed so far. While it is rejected, what can be read may not be there tomorrow. */
  #flushed: Promise<void> = Promise.resolve();
  #flushFailed = false;
  /** How often in a row the file was found locked, for those who wait. */
  #lockedOut = 0;
  #closed = false;

  /** Takes the flushing of its commits over from the database, which is to be written by way of this alone. */
  constructor(database: SqliteDatabase, options: GroupCommitOptions = {}) {
    this.#database = database;
    this.#log = options.log ?? new WriteAheadLog(database);
    this.#maxQueued = options.maxQueued ?? 10_000;
    this.#maxBatch = options.maxBatch ?? 500;
    this.#clock = options.clock ?? systemClock;
    this.#lockWaitMs = options.lockWaitMs ?? defaultLockWaitMs;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#changes = database.prepare('SELECT total_changes()').pluck();
  }

  /**
   * Runs `work`, which must be synchronous and change rows only, within the next group; again, when another work of
   * the group undid it. Rejects with what it threw, SQLite's own errors as `internal` or `unavailable`; with
   * `unavailable` when too many wait, when closed, when another process keeps the file locked, or when the group could
   * not be committed or flushed.
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

  /**
   * What `look` finds, once that is on disk: a commit is seen before it is flushed.
   *
   * @throws ActorError `unavailable` when the file can't be read, for now or at all, or is not known to be on disk
   */
  async read<T>(look: () => T): Promise<T> {
    const wait = { clock: this.#clock, lockWaitMs: this.#lockWaitMs };
    try {
      const [found, flushed] = await whenUnlocked(
        this.#database.name,
        wait,
        () => [look(), this.#flushed] as const,
      );
      await flushed;
      return found;
    } catch (error) {
      throw sqliteFailure(this.#database.name, error);
    }
  }

  /** How many works wait for the next group. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Refuses what comes from now on, commits and flushes what waits; what another process does not let through is
   * refused, too. The database stays open.
   */
  close(): void {
    this.#closed = true;
    const groups: Group[] = [];
    while (this.#queue.length > 0) {
      const group = this.#commitNext();
      if (group !== undefined) groups.push(group);
    }
    try {
      if (groups.length > 0) this.#log.flushNow();
      for (const group of groups) for (const answer of group.answers) answer();
    } catch (cause) {
      for (const { works } of groups) this.#refuse(works, this.#couldNotFlush(cause));
    }
    this.#log.close();
  }

  #schedule(): void {
    // While one group flushes, the next one gathers.
    if (this.#scheduled || this.#flushing) return;
    this.#scheduled = true;
    const next = () => {
      this.#scheduled = false;
      const group = this.#queue.length > 0 ? this.#commitNext() : undefined;
      if (group !== undefined) this.#flush(group);
      if (this.#queue.length > 0) this.#schedule();
    };
    if (this.#lockedOut === 0) setImmediate(next);
    else this.#clock.schedule(backOffMs(lockRetry, this.#lockedOut - 1), next);
  }

  #flush({ works, answers }: Group): void {
    this.#flushing = true;
    this.#flushed = this.#log.flush().then(
      () => {
        for (const answer of answers) answer();
      },
      (cause: unknown) => {
        this.#flushFailed = true;
        const error = this.#couldNotFlush(cause);
        this.#refuse(works, error);
        throw error;
      },
    );
    const next = () => {
      this.#flushing = false;
      if (this.#queue.length > 0) this.#schedule();
    };
    void this.#flushed.then(next, next);
  }

  /** Commits the next group. Undefined: nobody is left to be answered. */
  #commitNext(): Group | undefined {
    const works = this.#queue.splice(0, this.#maxBatch);
    try {
      this.#mendFlush();
      this.#begin.run();
      const answers = this.#runTogether(works) ?? this.#runApart(works);
      this.#commit.run();
      this.#lockedOut = 0;
      return { works, answers };
    } catch (cause) {
      this.#rollback();
      if (isLocked(cause)) this.#keepWaiting(works, cause);
      else this.#refuse(works, this.#couldNotCommit(cause));
      return undefined;
    }
  }

  #mendFlush(): void {
    if (!this.#flushFailed) return;
    this.#log.mend();
    this.#flushFailed = false;
    this.#flushed = Promise.resolve();
  }

  #rollback(): void {
    if (this.#database.open && this.#database.inTransaction) this.#database.exec('ROLLBACK');
  }

  /** Another process holds the file: who has waited long enough for it hears so, the others go on waiting. */
  #keepWaiting(works: readonly Queued[], cause: unknown): void {
    const waiting = [...works, ...this.#queue];
    const overdueSince = this.#clock.monotonic() - this.#lockWaitMs;
    const isOverdue = ({ since }: Queued) => this.#closed || since <= overdueSince;
    this.#queue = waiting.filter((each) => !isOverdue(each));
    this.#lockedOut = this.#queue.length === 0 ? 0 : this.#lockedOut + 1;
    this.#refuse(waiting.filter(isOverdue), lockedOut(this.#database.name, cause));
  }

  #refuse(works: readonly Queued[], error: ActorError): void {
    for (const each of works) each.fail(error);
  }

  #couldNotCommit(cause: unknown): ActorError {
    const named = sqliteProblem(this.#database.name, cause) ?? cause;
    return new ActorError('unavailable', 'the write could not be committed', { cause: named });
  }

  #couldNotFlush(cause: unknown): ActorError {
    const named = sqliteProblem(this.#database.name, cause) ?? cause;
    return new ActorError('unavailable', 'what was written last is not known to be on disk', {
      cause: named,
    });
  }

  /** Without a savepoint each: they are hardly ever needed. Undefined when one would have been, and all is undone. */
  #runTogether(works: readonly Queued[]): (() => void)[] | undefined {
    const answers: (() => void)[] = [];
    for (const each of works) {
      const before = this.#changes.get();
      try {
        answers.push(each.run());
      } catch (error) {
        if (!this.#database.inTransaction) throw error;
        if (this.#changes.get() !== before) {
          this.#rollback();
          this.#begin.run();
          return undefined;
        }
        answers.push(this.#failing(each, error));
      }
    }
    return answers;
  }

  #runApart(works: readonly Queued[]): (() => void)[] {
    return works.map((each) => {
      this.#database.exec('SAVEPOINT work');
      try {
        const answer = each.run();
        this.#database.exec('RELEASE work');
        return answer;
      } catch (error) {
        // A full disk or a broken file ends the whole transaction, and with it the group.
        if (!this.#database.inTransaction) throw error;
        this.#database.exec('ROLLBACK TO work; RELEASE work');
        return this.#failing(each, error);
      }
    });
  }

  #failing(each: Queued, error: unknown): () => void {
    return () => each.fail(sqliteFailure(this.#database.name, error));
  }
}
