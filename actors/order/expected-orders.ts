import type { Clock } from '@trolley/runtime';
import { LRUCache } from 'lru-cache';
import type { OrdersToCome } from './order.queries.ts';

/** After its checkout has completed: an order that takes longer is not waited for. */
const longestWaitMs = 100;
/** Users; who completed a checkout longest ago is forgotten first. */
const mostAwaited = 10_000;

interface Awaited {
  readonly checkoutId: string;
  /** On the monotonic clock. */
  readonly until: number;
  readonly written: Promise<void>;
  readonly resolve: () => void;
}

/**
 * Orders that this process is about to write, as their checkouts have completed. Who asks for his orders meanwhile waits
 * for that a moment, and finds the one that he has just paid for.
 */
export class ExpectedOrders implements OrdersToCome {
  readonly #clock: Clock;
  /** By user: the order of his last checkout. */
  readonly #awaited = new LRUCache<number, Awaited>({ max: mostAwaited });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A checkout has completed whose order will be written by this process. */
  expect(userId: number, checkoutId: string): void {
    let resolve: () => void = () => undefined;
    const written = new Promise<void>((resolved) => (resolve = resolved));
    const until = this.#clock.monotonic() + longestWaitMs;
    this.#awaited.set(userId, { checkoutId, until, written, resolve });
  }

  written(userId: number, checkoutId: string): void {
    const awaited = this.#awaited.peek(userId);
    if (awaited?.checkoutId !== checkoutId) return;
    this.#awaited.delete(userId);
    awaited.resolve();
  }

  of(userId: number): Promise<void> | undefined {
    const awaited = this.#awaited.peek(userId);
    if (awaited === undefined) return undefined;
    const leftMs = awaited.until - this.#clock.monotonic();
    if (leftMs > 0) return this.#wait(awaited, leftMs);
    this.#awaited.delete(userId);
    return undefined;
  }

  async #wait({ written }: Awaited, leftMs: number): Promise<void> {
    let isLate: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (isLate = resolve));
    const cancel = this.#clock.schedule(leftMs, isLate);
    await Promise.race([written, late]);
    cancel();
  }
}
