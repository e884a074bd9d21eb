import type { Cancel, Clock } from '../define/clock.ts';

/** A write that waits for that of the next turn, for so long at most. */
export class PostponedWrite {
  readonly #cancel: Cancel;
  #isDue = false;

  constructor(clock: Clock, patienceMs: number, onDue: () => void) {
    this.#cancel = clock.schedule(patienceMs, () => {
      this.#isDue = true;
      onDue();
    });
  }

  /** The next turn writes, whatever that is. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** It was made, or is not to be made any more. */
  end(): void {
    this.#cancel();
  }
}
