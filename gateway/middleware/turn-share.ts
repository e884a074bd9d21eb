/** Refusals in one turn of the event loop: a millisecond. */
const perTurn = 32;
/** Who comes when so many wait goes on at once: that costs time, and more of them would cost memory. */
const mostWaiting = 4096;

/**
 * Lets only some go on in each turn of the event loop, in order; the rest waits for the next ones. Who is refused takes
 * little work, but a thousand of them in one turn would hold up every answer that needs several turns.
 */
export class TurnShare {
  readonly #waiting: (() => void)[] = [];
  #used = 0;
  #isTimed = false;

  /** Undefined: now. */
  next(): Promise<void> | undefined {
    if (!this.#isTimed) this.#renewLater();
    if (this.#waiting.length === mostWaiting) return undefined;
    if (this.#used < perTurn) {
      this.#used += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #renewLater(): void {
    this.#isTimed = true;
    setImmediate(() => {
      const next = this.#waiting.splice(0, perTurn);
      this.#used = next.length;
      this.#isTimed = false;
      if (next.length > 0) this.#renewLater();
      for (const goOn of next) goOn();
    });
  }
}
