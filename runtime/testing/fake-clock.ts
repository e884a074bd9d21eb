import type { Cancel, Clock } from '../define/clock.ts';

interface Timer {
  readonly dueAt: number;
  readonly run: () => void;
}

/** Lets everything happen that needs no time: all promises that can settle have, when it resolves. */
export const untilSettled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that stands still until a test moves it. Timers run in the order in which they are due. */
export class FakeClock implements Clock {
  readonly #startedAt: number;
  #elapsedMs = 0;
  #jumpedMs = 0;
  #timers: Timer[] = [];
  #settle: () => Promise<void> = untilSettled;
  #advancing = 0;

  /** Starts at the same moment in every run. */
  constructor(startedAt = Date.UTC(2026, 0, 1)) {
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#startedAt + this.#elapsedMs + this.#jumpedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const timer: Timer = { dueAt: this.#elapsedMs + Math.max(0, delayMs), run };
    const behind = this.#timers.findLastIndex(({ dueAt }) => dueAt <= timer.dueAt);
    this.#timers.splice(behind + 1, 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** Sets the wall clock forward, or back where `ms` is negative; no time passes. */
  setWallClock(ms: number): void {
    this.#jumpedMs += ms;
  }

  /** Lets `ms` pass: each timer that falls due runs at its time, and what follows from it happens before the next. */
  async advance(ms: number): Promise<void> {
    const target = this.#elapsedMs + ms;
    this.#advancing++;
    try {
      do await this.#settle();
      while (this.fireNext(target));
      this.#elapsedMs = Math.max(this.#elapsedMs, target);
      await this.#settle();
    } finally {
      this.#advancing--;
    }
  }

  /** Lets everything happen that needs no time. */
  runUntilIdle(): Promise<void> {
    return this.#settle();
  }

  /** Whether a call of `advance` is under way, which then alone moves time. */
  get advancing(): boolean {
    return this.#advancing > 0;
  }

  /** Jumps to the next timer that is due by `latest` and runs it; returns whether there was one. */
  fireNext(latest = Infinity): boolean {
    const [next] = this.#timers;
    if (next === undefined || next.dueAt > latest) return false;
    this.#timers.shift();
    this.#elapsedMs = Math.max(this.#elapsedMs, next.dueAt);
    next.run();
    return true;
  }

  /** Says how to wait, between two timers, for what needs no time; a test cluster runs its calls there. */
  settleWith(settle: () => Promise<void>): void {
    this.#settle = settle;
  }
}
