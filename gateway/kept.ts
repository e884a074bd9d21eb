import { LRUCache } from 'lru-cache';
import type { Clock } from '@trolley/runtime';

export interface KeptOptions<V> {
  readonly clock: Clock;
  /** How old what is given may be, from when it was asked for. */
  readonly maxAgeMs: number;
  /** From this age on what is given is also asked for again, and so often at most. */
  readonly renewMs: number;
  /** How much is kept, in `sizeOf`, which is at least 1; what was used longest ago goes first. */
  readonly capacity: number;
  readonly sizeOf: (value: V, key: string) => number;
  /** What was given was not to be had again: it still has a while to live. */
  readonly onStale: (error: unknown) => void;
}

interface Held<V> {
  readonly value: V;
  readonly askedAt: number;
  /** When it was last tried to have a newer one. */
  triedAt: number;
}

interface Asking<V> {
  readonly askedAt: number;
  readonly answer: Promise<V>;
}

/**
 * Answers that are a moment old, so that many who ask for the same cost one question. Nobody waits while there is one
 * that is young enough: it is renewed behind their backs. One that is too old is given to nobody, whatever fails.
 */
export class Kept<V extends object> {
  readonly #options: KeptOptions<V>;
  readonly #held: LRUCache<string, Held<V>>;
  readonly #asking = new Map<string, Asking<V>>();

  constructor(options: KeptOptions<V>) {
    this.#options = options;
    const { capacity: maxSize, sizeOf } = options;
    this.#held = new LRUCache({ maxSize, sizeCalculation: ({ value }, key) => sizeOf(value, key) });
  }

  /** What `ask` gives or gave under this key, asked no earlier than at `since` on the monotonic clock. */
  async get(key: string, ask: () => Promise<V>, since = -Infinity): Promise<V> {
    const { clock, maxAgeMs, renewMs, onStale } = this.#options;
    const now = clock.monotonic();
    const earliest = Math.max(since, now - maxAgeMs);
    const held = this.#held.get(key);
    if (held === undefined || held.askedAt < earliest) return this.#asked(key, ask, earliest);
    if (now - held.triedAt >= renewMs) {
      held.triedAt = now;
      this.#asked(key, ask, earliest).catch(onStale);
    }
    return held.value;
  }

  /** One question at a time for all who may have its answer. */
  #asked(key: string, ask: () => Promise<V>, earliest: number): Promise<V> {
    const asking = this.#asking.get(key);
    if (asking !== undefined && asking.askedAt >= earliest) return asking.answer;
    const askedAt = this.#options.clock.monotonic();
    const answer = this.#keep(key, ask, askedAt).finally(() => {
      if (this.#asking.get(key)?.answer === answer) this.#asking.delete(key);
    });
    this.#asking.set(key, { askedAt, answer });
    return answer;
  }

  async #keep(key: string, ask: () => Promise<V>, askedAt: number): Promise<V> {
    const value = await ask();
    // A slow answer must not take the place of one that was asked for later.
    const newest = this.#held.get(key)?.askedAt ?? -Infinity;
    if (askedAt >= newest) this.#held.set(key, { value, askedAt, triedAt: askedAt });
    return value;
  }
}
