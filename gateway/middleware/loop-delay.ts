import type { Cancel, Clock } from '@trolley/runtime';

const everyMs = 50;
/** Looks that are remembered: a second. */
const looks = 20;

/** How late a process comes to what is due, milliseconds. */
export interface Lateness {
  readonly ms: number;
}

/**
 * How late this process comes to what is due: what each of its requests waits for before anybody looks at it. The least
 * of the last second, so that a pause for garbage, or a moment in which others had the processor, is none.
 */
export class LoopDelay implements Lateness {
  readonly #clock: Clock;
  readonly #late = new Array<number>(looks).fill(0);
  #at = 0;
  #ms = 0;
  #cancel: Cancel;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#cancel = this.#lookLater();
  }

  get ms(): number {
    return this.#ms;
  }

  stop(): void {
    this.#cancel();
  }

  #lookLater(): Cancel {
    const dueAt = this.#clock.monotonic() + everyMs;
    return this.#clock.schedule(everyMs, () => {
      this.#late[this.#at] = this.#clock.monotonic() - dueAt;
      this.#at = (this.#at + 1) % looks;
      this.#ms = Math.max(0, Math.min(...this.#late));
      this.#cancel = this.#lookLater();
    });
  }
}
