import type { Cancel } from '../define/clock.ts';
import type { Deadlines } from '../flow/deadlines.ts';

/** A write that waits for that of the next turn, until its deadline at most. */
export class PostponedWrite {
  readonly #cancel: Cancel;
  #isDue = false;

  constructor(deadlines: Deadlines, onDue: () => void) {
    this.#cancel = deadlines.set(() => {
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
