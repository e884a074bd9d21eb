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
/** Who is held for so long is refused, whatever it is that keeps the places taken: later ones may have passed it. */
const longestHeldMs = 2000;

interface Held {
  readonly sinceMs: number;
  /** Whether it has arrived as a whole, and so takes a place as soon as it is let in. */
  readonly hasArrived: boolean;
  readonly tell: (isIn: boolean) => void;
}

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
  readonly #held: Held[] = [];
  #hasRefused = false;
  #beganAt: number;
  #cancelLook: Cancel | undefined;

  constructor({ clock, aboveMs }: AskGateOptions) {
    this.#clock = clock;
    this.#limit = new AskLimit({ targetMs: aboveMs });
    this.#beganAt = clock.monotonic();
  }

  get limit(): number {
    return this.#usual.isSurge ? Math.min(this.#usual.places, this.#limit.limit) : this.#limit.limit;
  }

  get underWay(): number {
    return this.#limit.waiting;
  }

  /** Whether it may be that one more is refused or held. */
  get isBusy(): boolean {
    return !this.#hasPlace || this.#usual.isSurge || this.#limit.isLimited;
  }

  /** Whether one more is to be refused at once. */
  isFull(): boolean {
    const now = this.#clock.monotonic();
    this.#look(now);
    return (this.#usual.isSurge && !this.#hasPlace) || this.#limit.isFull(now);
  }

  /** One was. */
  refused(): void {
    this.#hasRefused = true;
    this.#usual.came(this.#limit.waiting + this.#held.length);
  }

  /** One comes, of which nothing has been looked at; whether it is to go on, undefined: yes. It takes no place. */
  come(): Promise<boolean> | undefined {
    this.#look(this.#clock.monotonic());
    this.#usual.came(this.#limit.waiting + this.#held.length);
    return this.#hasPlace ? undefined : this.#hold(false);
  }

  /** It has arrived; whether it is let in, which may take a moment to tell. Each that is has to leave. @param now - by the monotonic clock */
  enter(now: number): true | Promise<boolean> {
    this.#look(now);
    if (!this.#hasPlace) return this.#hold(true);
    this.#limit.enter();
    return true;
  }

  /** One has its answer, after so long; undefined: what it was tells nothing of those who wait, as a refusal. */
  leave(afterMs: number | undefined): void {
    this.#limit.leave(afterMs);
    this.#usual.answered();
    const next = this.#hasPlace ? this.#held.pop() : undefined;
    if (next !== undefined) this.#letIn(next);
  }

  get #hasPlace(): boolean {
    return this.#limit.waiting < this.#usual.places;
  }

  #hold(hasArrived: boolean): Promise<boolean> {
    if (this.#held.length === mostHeld) this.#held.shift()?.tell(false);
    return new Promise((tell) => {
      this.#held.push({ sinceMs: this.#clock.monotonic(), hasArrived, tell });
      this.#lookLater();
    });
  }

  #letIn({ hasArrived, tell }: Held): void {
    if (hasArrived) this.#limit.enter();
    tell(true);
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#clock.schedule(this.#beganAt + intervalMs - this.#clock.monotonic(), () => {
      this.#cancelLook = undefined;
      this.#look(this.#clock.monotonic());
      if (this.#held.length > 0) this.#lookLater();
    });
  }

  #look(now: number): void {
    if (now < this.#beganAt + intervalMs) return;
    const isHolding = this.#held.length > 0 || this.#hasRefused;
    const verdict = this.#usual.endInterval(now - this.#beganAt, intervalMs, isHolding);
    [this.#beganAt, this.#hasRefused] = [now, false];
    while (now - (this.#held[0]?.sinceMs ?? now) >= longestHeldMs) this.#held.shift()?.tell(false);
    if (verdict === 'unsure') return;
    // Who is let in must not become the queue that all others stand in.
    const told = this.#held.splice(0, verdict === 'calm' ? this.#usual.places : this.#held.length);
    for (const held of told) {
      if (verdict === 'calm') this.#letIn(held);
      else held.tell(false);
    }
  }
}
