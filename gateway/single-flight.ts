/**
 * One call per key at a time; whoever comes meanwhile shares the next one.
 *
 * A newcomer does not join the call that already runs, as it would with most libraries: that answer may be older than
 * something the newcomer has been told since, e.g. that a product is in the cart.
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<T>>();

  /** Only one of those who share a call has their `start` called. */
  run(key: string, start: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, start);
    let next = this.#next.get(key);
    if (next === undefined) {
      next = running.then(() => {
        this.#next.delete(key);
        return this.#start(key, start);
      });
      this.#next.set(key, next);
    }
    return next;
  }

  #start(key: string, start: () => Promise<T>): Promise<T> {
    const call = (async () => start())();
    const over = () => {
      // With a next one waiting the place stays taken, or a newcomer could slip in before it.
      if (!this.#next.has(key)) this.#running.delete(key);
    };
    this.#running.set(key, call.then(over, over));
    return call;
  }
}
