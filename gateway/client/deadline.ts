import type { Clock } from './clock.ts';

/** How much time a call has over all that it sends, and whether its caller still wants it. */
export class Deadline {
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #signal: AbortSignal | undefined;

  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#clock = clock;
    this.#endsAt = clock.monotonic() + timeoutMs;
    this.#signal = signal;
  }

  get leftMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.monotonic());
  }

  /** Why the caller does not want it any more; undefined: it does. */
  get cancelledBy(): unknown {
    return this.#signal?.aborted === true ? (this.#signal.reason as unknown) : undefined;
  }

  /** Waits; less where the call has to end before. */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#after(delayMs, resolve));
  }

  /**
   * Runs `work`, with a signal for what it calls, for `limitMs` at most.
   * @throws whatever `work` throws, or an error when it has to end before
   */
  within<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const stop = this.#after(limitMs, () => {
        controller.abort();
        reject(new Error('no answer in time'));
      });
      void work(controller.signal).then(resolve, reject).finally(stop);
    });
  }

  /** Calls `run` once, when the time is over or the call has to end; never once what it returns was called. */
  #after(delayMs: number, run: () => void): () => void {
    const end = () => {
      stop();
      run();
    };
    const cancel = this.#clock.schedule(Math.min(delayMs, this.leftMs), end);
    const stop = () => {
      cancel();
      this.#signal?.removeEventListener('abort', end);
    };
    this.#signal?.addEventListener('abort', end);
    if (this.#signal?.aborted === true) end();
    return stop;
  }
}
