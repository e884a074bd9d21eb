import type { Cancel, Clock } from '@trolley/runtime';
import { AskLimit } from './ask-limit.ts';
import { UsualLoad } from './usual-load.ts';

export interface AskGateOptions {
  readonly clock: Clock;
  /** How long even the quickest answer may take. */
  readonly aboveMs: number;
}

const intervalMs = 40;
/** Those beyond are refused, the oldest first. */
const mostHeld = 512;

/**
 * Lets asks in. More than are usual at once are held, for some 100 ms at most, until it shows whether they are a burst,
 * which is let in, or a surge, which is refused. Meanwhile places go to who came last: in a surge these are answered as
 * soon as ever, where otherwise everybody would wait for everybody. (Adaptive LIFO, as Facebook has described it.)
 */
export class AskGate {
  readonly #clock: Clock;
  readonly #limit: AskLimit;
  readonly #usual = new UsualLoad();
  /** The newest last. */
  readonly #held: ((isIn: boolean) => void)[] = [];
  #hasRefused = false;
  #beganAt: number;
  #cancelLook: Cancel | undefined;

  constructor({ clock, aboveMs }: AskGateOptions) {
    this.#clock = clock;
    this.#limit = new AskLimit({ clock, targetMs: aboveMs });
    this.#beganAt = clock.monotonic();
  }

  get limit(): number {
    return this.#usual.isSurge ? Math.min(this.#usual.places, this.#limit.limit) : this.#limit.limit;
  }

  get underWay(): number {
    return this.#limit.waiting;
  }

  /** Whether fewer are let in than otherwise. */
  get isLimited(): boolean {
    return this.#usual.isSurge || this.#limit.isLimited;
  }

  /** Whether one more is to be refused at once. */
  isFull(): boolean {
    this.#look();
    return (this.#usual.isSurge && !this.#hasPlace) || this.#limit.isFull();
  }

  /** One was. */
  refused(): void {
    this.#hasRefused = true;
    this.#usual.came(this.#limit.waiting + this.#held.length);
  }

  /** One has arrived; whether it is let in, which may take a moment to tell. Each that is has to leave. */
  enter(): true | Promise<boolean> {
    this.#look();
    this.#usual.came(this.#limit.waiting + this.#held.length);
    if (this.#hasPlace) {
      this.#limit.enter();
      return true;
    }
    if (this.#held.length === mostHeld) this.#held.shift()?.(false);
    return new Promise((resolve) => {
      this.#held.push(resolve);
      this.#lookLater();
    });
  }

  /** One has its answer, after so long; undefined: what it was tells nothing of those who wait, as a refusal. */
  leave(afterMs: number | undefined): void {
    this.#limit.leave(afterMs);
    this.#usual.answered();
    if (this.#held.length > 0 && this.#hasPlace) this.#letIn(this.#held.pop());
  }

  get #hasPlace(): boolean {
    return this.#limit.waiting < this.#usual.places;
  }

  #letIn(tell: ((isIn: boolean) => void) | undefined): void {
    this.#limit.enter();
    tell?.(true);
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#clock.schedule(this.#beganAt + intervalMs - this.#clock.monotonic(), () => {
      this.#cancelLook = undefined;
      this.#look();
      if (this.#held.length > 0) this.#lookLater();
    });
  }

  #look(): void {
    const now = this.#clock.monotonic();
    if (now < this.#beganAt + intervalMs) return;
    const isHolding = this.#held.length > 0 || this.#hasRefused;
    const verdict = this.#usual.endInterval(now - this.#beganAt, intervalMs, isHolding);
    [this.#beganAt, this.#hasRefused] = [now, false];
    if (verdict === 'unsure') return;
    // Who is let in must not become the queue that all others stand in.
    const told = this.#held.splice(0, verdict === 'calm' ? this.#usual.places : this.#held.length);
    for (const tell of told) {
      if (verdict === 'calm') this.#letIn(tell);
      else tell(false);
    }
  }
}
