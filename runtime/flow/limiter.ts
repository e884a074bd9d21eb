/** Lets at most `max` tasks run at once; the others wait their turn, first come, first served. */
export class Limiter {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) await new Promise<void>((admitted) => this.#waiting.push(admitted));
    else this.#running++;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // A place that is passed on is never free in between.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
