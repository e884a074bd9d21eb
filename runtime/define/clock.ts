/** Time, as the whole system gets it: injected, so that a test owns it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump; for what is stored and shown. */
  now(): number;
  /** Milliseconds that only grow, since an arbitrary start. For leases, deadlines and durations. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`, unless cancelled before. Never keeps the process alive. */
  schedule(delayMs: number, run: () => void): Cancel;
}

export type Cancel = () => void;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, run) {
    const dueAt = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const wait = () => {
      const leftMs = dueAt - performance.now();
      const isLast = !(leftMs > longestTimerMs);
      timer = setTimeout(isLast ? run : wait, isLast ? Math.max(0, leftMs) : longestTimerMs);
      timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};

/** What Node's timers reach; a longer one would end at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
