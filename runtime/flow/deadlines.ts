import type { Cancel, Clock } from '../define/clock.ts';
import { LinkedList } from './linked-list.ts';

/** A class, as what stands in a `LinkedList` should be. */
class Deadline {
  readonly dueAt: number;
  readonly pass: () => void;

  constructor(dueAt: number, pass: () => void) {
    this.dueAt = dueAt;
    this.pass = pass;
  }
}

/** Deadlines that are all equally far away: the one that was set first passes first, so one timer is enough for all. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #waiting = new LinkedList<Deadline>();
  #isTimed = false;

  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock;
    this.#afterMs = afterMs;
  }

  /** Calls `pass` once when the time is over, unless cancelled before. */
  set(pass: () => void): Cancel {
    const cancel = this.#waiting.add(new Deadline(this.#clock.monotonic() + this.#afterMs, pass));
    if (!this.#isTimed) this.#time(this.#afterMs);
    return cancel;
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
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      if (next.dueAt > now) {
        if (!this.#isTimed) this.#time(next.dueAt - now);
        return;
      }
      this.#waiting.shift();
      next.pass();
    }
  }
}
