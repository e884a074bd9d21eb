/** Time as the client gets it, so that a test owns it. That of `@trolley/runtime` fits. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch: for a `Retry-After` that is a date. */
  now(): number;
  /** Milliseconds that only grow. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`, unless the function that it returns is called before. */
  schedule(delayMs: number, run: () => void): () => void;
}

/** Its timers keep a Node process alive, since a caller awaits each of them. */
export const browserClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
