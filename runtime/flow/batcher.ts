import { ActorError } from '../define/errors.ts';

export interface BatcherOptions<T, R> {
  /** For error messages: what is being batched. */
  readonly name: string;
  /** Settles each item, in the order given. When it rejects, every item of the batch is rejected with that. */
  flush(items: readonly T[]): Promise<readonly PromiseSettledResult<R>[]>;
  /**
   * Items of one key never share a batch, nor run at the same time; they keep their order. Without a key an item has
   * nothing to do with others, as by default.
   */
  keyOf?(item: T): string | undefined;
  readonly maxBatch: number;
  /** Items that wait, beyond which `add` refuses with `unavailable`. */
  readonly maxWaiting: number;
  readonly maxInFlight: number;
  /**
   * Each batch waits until the event loop has gone round once more, and takes along what that has read: for what costs
   * much a batch. In an idle process that is some microseconds. Default: false.
   */
  readonly isPatient?: boolean;
}

interface Entry<T, R> {
  readonly item: T;
  readonly key: string | undefined;
  readonly resolve: (result: R) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Does many small things as few large ones. What arrives within one turn of the event loop, or two, goes together; while
 * as many batches as allowed are under way, what arrives waits for the next. No timer ever waits for more.
 */
export class Batcher<T, R> {
  readonly #options: BatcherOptions<T, R>;
  #waiting: Entry<T, R>[] = [];
  readonly #busyKeys = new Set<string>();
  #inFlight = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions<T, R>) {
    this.#options = options;
  }

  add(item: T): Promise<R> {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      return Promise.reject(new ActorError('unavailable', `${this.#options.name}: too many waiting`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, key: this.#options.keyOf?.(item), resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  drained(): Promise<void> {
    if (this.#waiting.length === 0 && this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#options.maxInFlight) return;
    this.#scheduled = true;
    const start = () => {
      this.#scheduled = false;
      this.#start();
    };
    setImmediate(this.#options.isPatient === true ? () => setImmediate(start) : start);
  }

  #start(): void {
    while (this.#inFlight < this.#options.maxInFlight) {
      const batch = this.#take();
      if (batch.length === 0) return;
      this.#inFlight += 1;
      void this.#run(batch);
    }
  }

  #take(): Entry<T, R>[] {
    const batch: Entry<T, R>[] = [];
    const left: Entry<T, R>[] = [];
    const blocked = new Set(this.#busyKeys);
    for (const entry of this.#waiting) {
      const { key } = entry;
      const fits = batch.length < this.#options.maxBatch && (key === undefined || !blocked.has(key));
      (fits ? batch : left).push(entry);
      if (key !== undefined) blocked.add(key);
    }
    for (const { key } of batch) if (key !== undefined) this.#busyKeys.add(key);
    this.#waiting = left;
    return batch;
  }

  async #run(batch: readonly Entry<T, R>[]): Promise<void> {
    let results: readonly PromiseSettledResult<R>[] = [];
    let failure: unknown;
    try {
      results = await this.#options.flush(batch.map((entry) => entry.item));
    } catch (error) {
      failure = error;
    }
    this.#inFlight -= 1;
    for (const [index, entry] of batch.entries()) {
      if (entry.key !== undefined) this.#busyKeys.delete(entry.key);
      const result = results[index];
      if (result?.status === 'fulfilled') entry.resolve(result.value);
      else entry.reject(result === undefined ? (failure ?? this.#unsettled()) : result.reason);
    }
    if (this.#waiting.length > 0) this.#schedule();
    else if (this.#inFlight === 0) for (const done of this.#idle.splice(0)) done();
  }

  #unsettled(): Error {
    return new Error(`${this.#options.name}: a batch ended without a result for each item`);
  }
}
