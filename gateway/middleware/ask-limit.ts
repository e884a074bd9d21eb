export interface AskLimitOptions {
  /** What even the quickest answer may take before those who wait are taken to stand in a queue. */
  readonly targetMs: number;
}

const fewest = 16;
const most = 1024;
const intervalMs = 100;
/** So many intervals of slow answers alone tell a queue that stands from a burst. */
const slowInARow = 5;
/** So many without slow answers and refusals tell its end from a pause. */
const calmInARow = 10;

/**
 * How many requests may wait for actors at once. While even the quickest answer takes longer than the target, for half
 * a second, all of them stand in a queue: then as many are let in as are answered within the target, until nobody has
 * to be refused any more. Where nobody is answered at all, something else is wrong, and nothing changes. (The signal is
 * that of CoDel, RFC 8289; the limit follows from Little's law.)
 */
export class AskLimit {
  readonly #targetMs: number;
  #limit = most;
  #waiting = 0;
  #beganAt = -Infinity;
  /** Of the interval that is not over. */
  #interval = { answered: 0, quickestMs: Infinity, mostWaiting: 0, hasRefused: false };
  /** Intervals in a row: slow ones; or, while fewer are let in, calm ones. */
  #inARow = 0;

  constructor({ targetMs }: AskLimitOptions) {
    this.#targetMs = targetMs;
  }

  get limit(): number {
    return this.#limit;
  }

  get isLimited(): boolean {
    return this.#limit < most;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether one more is to be refused. @param now - by the monotonic clock */
  isFull(now: number): boolean {
    if (now >= this.#beganAt + intervalMs) this.#endInterval(now);
    if (this.#waiting < this.#limit) return false;
    this.#interval.hasRefused = true;
    return true;
  }

  enter(): void {
    this.#waiting += 1;
    this.#interval.mostWaiting = Math.max(this.#interval.mostWaiting, this.#waiting);
  }

  /** One has its answer, after so long; undefined: what it was tells nothing of those who wait, as a refusal. */
  leave(afterMs: number | undefined): void {
    this.#waiting -= 1;
    if (afterMs === undefined) return;
    this.#interval.answered += 1;
    this.#interval.quickestMs = Math.min(this.#interval.quickestMs, afterMs);
  }

  #endInterval(now: number): void {
    const { answered } = this.#interval;
    const tookMs = now - this.#beganAt;
    // Nobody has asked meanwhile: what was before is over.
    if (tookMs >= calmInARow * intervalMs) this.#letAllIn();
    else if (answered > 0) {
      if (!this.isLimited) this.#watch(answered / tookMs);
      else this.#move(answered / tookMs);
    }
    this.#beganAt = now;
    this.#interval = { answered: 0, quickestMs: Infinity, mostWaiting: this.#waiting, hasRefused: false };
  }

  get #isSlow(): boolean {
    return this.#interval.quickestMs > this.#targetMs;
  }

  #watch(answeredPerMs: number): void {
    this.#inARow = this.#isSlow ? this.#inARow + 1 : 0;
    if (this.#inARow >= slowInARow) this.#shrink(answeredPerMs);
  }

  #move(answeredPerMs: number): void {
    const { mostWaiting, hasRefused } = this.#interval;
    // Those who came before the limit was set say nothing about it.
    if (mostWaiting > this.#limit) return;
    if (this.#isSlow) return this.#shrink(answeredPerMs);
    if (mostWaiting >= this.#limit * 0.8) this.#limit = Math.min(most - 1, Math.ceil(this.#limit * 1.1));
    this.#inARow = hasRefused ? 0 : this.#inARow + 1;
    if (this.#inARow >= calmInARow) this.#letAllIn();
  }

  #letAllIn(): void {
    this.#limit = most;
    this.#inARow = 0;
  }

  #shrink(answeredPerMs: number): void {
    const within = Math.floor(answeredPerMs * this.#targetMs * 0.8);
    this.#limit = Math.max(fewest, Math.min(within, most - 1));
    this.#inARow = 0;
  }
}
