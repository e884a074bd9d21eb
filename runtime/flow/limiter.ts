/** Lets at most `max` tasks run at once; the others wait their turn, first come, first served. */
export class Limiter {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  /** For a task that runs: another one may have its place while it waits for `work`, which may need one. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#leave();
    try {
      return await work;
    } finally {
      await this.#enter();
    }
  }

  /** Undefined where there is a place at once. */
  #enter(): Promise<void> | undefined {
    if (this.#running >= this.#max) return new Promise((admitted) => this.#waiting.push(admitted));
    this.#running++;
    return undefined;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    // A place that is passed on is never free in between.
    if (next === undefined) this.#running--;
    else next();
  }
}
