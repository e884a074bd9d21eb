import { LRUCache } from 'lru-cache';
import { ActorError, type Clock } from '@trolley/runtime';
import { senderOf } from '../../../gateway/client-address.ts';

const maxWrong = 10;
const windowMs = 5 * 60_000;

/**
 * Counts wrong passwords by where they came from, and not by name: else anybody could lock out the one who is needed.
 * Ten within five minutes, then none is looked at until the five minutes are over.
 */
export class SignInTries {
  readonly #clock: Clock;
  readonly #wrong: LRUCache<string, { count: number; readonly endsAt: number }>;

  constructor(clock: Clock) {
    this.#clock = clock;
    // The library takes a time of 0 for none at all.
    const perf = { now: () => clock.monotonic() + 1 };
    this.#wrong = new LRUCache({ max: 10_000, ttl: windowMs, ttlResolution: 0, perf });
  }

  /** @throws ActorError `rate_limited` */
  admit(address: string): void {
    const found = this.#wrong.get(senderOf(address));
    if (found === undefined || found.count < maxWrong) return;
    const retryAfterMs = Math.max(1, found.endsAt - this.#clock.monotonic());
    const seconds = Math.ceil(retryAfterMs / 1000);
    throw new ActorError(
      'rate_limited',
      `too many wrong passwords from your address, try again in ${seconds} s`,
      {
        details: { retryAfterMs },
      },
    );
  }

  countWrong(address: string): void {
    const sender = senderOf(address);
    const found = this.#wrong.get(sender);
    if (found !== undefined) found.count += 1;
    else this.#wrong.set(sender, { count: 1, endsAt: this.#clock.monotonic() + windowMs });
  }
}
