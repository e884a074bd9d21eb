import { Worker } from 'node:worker_threads';
import { ActorError } from '../../define/errors.ts';

/** SQL, which the thread prepares once, and its values. */
export type SqliteStatement = readonly [sql: string, ...values: (string | number | null)[]];

/** The other statements run where the first one changed a row. All of it is done, or nothing. */
export type SqliteWrite = readonly [first: SqliteStatement, ...rest: SqliteStatement[]];

/** How many rows the first statement of a write changed, or what SQLite says is wrong with it. */
export type WriteResult = number | SqliteFailure;

export interface SqliteFailure {
  readonly code?: string;
  readonly message: string;
}

type GroupAnswer =
  | { readonly results: readonly WriteResult[] }
  | { readonly results?: undefined; readonly failure: SqliteFailure };

/** For a thread to close the file once it is idle. */
const closeMs = 5_000;

/** The thread that has a SQLite file open for writing. It takes one group at a time. */
export class WriterThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #problem: unknown;
  #hasEnded = false;
  #settle: ((answer: GroupAnswer | undefined) => void) | undefined;

  /** `inode`: of the file that is meant, should another one lie under its name by now. */
  constructor(file: string, inode: number) {
    this.#worker = new Worker(new URL('./writer-thread.mjs', import.meta.url), {
      workerData: { file, inode },
      // What this process was started with, such as a compiler, is not for it.
      execArgv: [],
      env: {},
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: GroupAnswer) => this.#settle?.(answer));
    this.#worker.on('error', (error) => (this.#problem = error));
    this.#ended = new Promise((resolve) => {
      // Only then has it let go of the file.
      this.#worker.on('exit', () => {
        this.#hasEnded = true;
        this.#settle?.(undefined);
        resolve();
      });
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Resolves once the group is on disk.
   *
   * @throws what SQLite says when it is not; ActorError `unavailable` when the thread ended: then nobody knows
   */
  async commit(writes: readonly SqliteWrite[]): Promise<readonly WriteResult[]> {
    this.#worker.ref();
    const answer = await new Promise<GroupAnswer | undefined>((resolve) => {
      this.#settle = resolve;
      if (this.#hasEnded) resolve(undefined);
      else this.#worker.postMessage({ writes });
    });
    this.#settle = undefined;
    this.#worker.unref();
    if (answer === undefined) {
      throw new ActorError('unavailable', 'the thread of the store ended', { cause: this.#problem });
    }
    if (answer.results === undefined) throw sqliteError(answer.failure);
    return answer.results;
  }

  /** Closes the file and ends. */
  async close(): Promise<void> {
    this.#worker.ref();
    this.#worker.postMessage({});
    const late = setTimeout(() => void this.#worker.terminate(), closeMs);
    await this.#ended;
    clearTimeout(late);
  }

  /** Ends at once, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** An error of SQLite, which comes out of a thread as plain data. */
export function sqliteError({ code, message }: SqliteFailure): Error {
  return Object.assign(new Error(message), { code });
}
