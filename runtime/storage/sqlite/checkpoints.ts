import { Worker } from 'node:worker_threads';

/** Pages of a log, and those of them that are in the database file by now. */
export interface Checkpointed {
  readonly log: number;
  readonly checkpointed: number;
}

type Finished = { readonly id: number } & (Checkpointed | { readonly problem: string });
type Settle = (done: Checkpointed | undefined) => void;

/** A thread that is asked to let go of a file has at most some checkpoints before it. */
const releaseMs = 10_000;

/** The one of this process: a thread takes some megabytes. */
let thread: CheckpointThread | undefined;

/** The checkpoints of one database file, made in a thread of their own: the event loop waits for none of them. */
export class Checkpoints {
  readonly #file: string;
  /** What has the file open. */
  #madeBy: CheckpointThread | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Moves what the log holds to the file, as far as nobody reads it there. Undefined: that failed, for now. */
  make(): Promise<Checkpointed | undefined> {
    if (thread?.hasEnded !== false) thread = new CheckpointThread();
    this.#madeBy = thread;
    return thread.make(this.#file);
  }

  /** None is under way any more, and the file is closed there. The process stands still meanwhile. */
  release(): void {
    this.#madeBy?.release(this.#file);
    this.#madeBy = undefined;
  }
}

class CheckpointThread {
  readonly #worker: Worker;
  readonly #underWay = new Map<number, Settle>();
  #asked = 0;
  #hasEnded = false;

  constructor() {
    this.#worker = new Worker(new URL('./checkpoint-thread.mjs', import.meta.url), {
      // What this process was started with, such as a compiler, is not for it.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    });
    this.#worker.unref();
    this.#worker.on('message', (finished: Finished) => {
      this.#settle(finished.id, 'problem' in finished ? undefined : finished);
    });
    // Without it checkpoints are SQLite's own again, until the next is asked for.
    const ended = () => {
      this.#hasEnded = true;
      for (const id of this.#underWay.keys()) this.#settle(id, undefined);
    };
    this.#worker.on('error', ended).on('exit', ended);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  make(file: string): Promise<Checkpointed | undefined> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      this.#underWay.set(id, resolve);
      this.#worker.ref();
      this.#worker.postMessage({ id, file });
    });
  }

  release(file: string): void {
    if (this.#hasEnded) return;
    const released = new Int32Array(new SharedArrayBuffer(4));
    this.#worker.postMessage({ file, released });
    Atomics.wait(released, 0, 0, releaseMs);
  }

  #settle(id: number, done: Checkpointed | undefined): void {
    this.#underWay.get(id)?.(done);
    this.#underWay.delete(id);
    if (this.#underWay.size === 0) this.#worker.unref();
  }
}
