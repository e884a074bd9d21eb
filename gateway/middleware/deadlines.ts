import type { Cancel, Clock } from '@trolley/runtime';

interface Deadline {
  readonly dueAt: number;
  readonly pass: () => void;
}

/** Deadlines that are all equally far away: the one that was set first passes first, so one timer is enough for all. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #afterMs: number;
  // A Set keeps the order of insertion.
  readonly #waiting = new Set<Deadline>();
  #isTimed = false;

  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock;
    this.#afterMs = afterMs;
  }

  /** Calls `pass` once when the time is over, unless cancelled before. */
  set(pass: () => void): Cancel {
    const deadline = { dueAt: this.#clock.monotonic() + this.#afterMs, pass };
    this.#waiting.add(deadline);
    if (!this.#isTimed) this.#time(this.#afterMs);
    return () => this.#waiting.delete(deadline);
  }

  #time(delayMs: number): void {
    this.#isTimed = true;
    this.#clock.schedule(delayMs, () => {
      this.#isTimed = false;
      this.#passDue();
    });
  }

  #passDue(): void {
    const now = this.#clock.monotonic();
    for (const deadline of this.#waiting) {
      if (deadline.dueAt > now) {
        if (!this.#isTimed) this.#time(deadline.dueAt - now);
        return;
      }
      this.#waiting.delete(deadline);
      deadline.pass();
    }
  }
}
