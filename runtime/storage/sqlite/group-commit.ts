import { TrolleyError } from '../../define/errors.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

export interface GroupCommitOptions {
  /** Works that may wait; one more is refused with `unavailable`. Default 10000. */
  readonly maxQueued?: number;
  /** Works in one transaction, which bounds how long the event loop stands still. Default 500. */
  readonly maxBatch?: number;
}

interface Queued {
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
  #queue: Queued[] = [];
  #scheduled = false;
  #closed = false;

  constructor(database: SqliteDatabase, options: GroupCommitOptions = {}) {
    this.#database = database;
    this.#maxQueued = options.maxQueued ?? 10_000;
    this.#maxBatch = options.maxBatch ?? 500;
  }

  /**
   * Runs `work`, which must be synchronous, within the next group. Rejects with what it threw; with
   * `unavailable` when too many wait, when closed, or when the group could not be committed.
   */
  run<T>(work: (database: SqliteDatabase) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new TrolleyError('unavailable', 'the store is closed'));
    if (this.#queue.length >= this.#maxQueued) {
      return Promise.reject(new TrolleyError('unavailable', 'too many writes are waiting'));
    }
    return new Promise<T>((resolve, reject: (reason: unknown) => void) => {
      this.#queue.push({
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

  /** Refuses what comes from now on and commits what waits. The database stays open. */
  close(): void {
    this.#closed = true;
    while (this.#queue.length > 0) this.#flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#queue.length > 0) this.#flush();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const group = this.#queue.slice(0, this.#maxBatch);
    this.#queue = this.#queue.slice(this.#maxBatch);
    let answers: (() => void)[];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      answers = group.map((each) => this.#runOne(each));
      this.#database.exec('COMMIT');
    } catch (cause) {
      if (this.#database.open && this.#database.inTransaction) this.#database.exec('ROLLBACK');
      const error = new TrolleyError('unavailable', 'the write could not be committed', { cause });
      for (const each of group) each.fail(error);
      return;
    }
    for (const answer of answers) answer();
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
      return () => each.fail(error);
    }
  }
}
