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
    if (delayMs > longestTimerMs) return scheduleFarAway(delayMs, run);
    const timer = setTimeout(run, Math.max(0, delayMs)).unref();
    return () => clearTimeout(timer);
  },
};

/** What Node's timers reach; a longer one would end at once. */
const longestTimerMs = 2 ** 31 - 1;

function scheduleFarAway(delayMs: number, run: () => void): Cancel {
  const dueAt = performance.now() + delayMs;
  let cancel = systemClock.schedule(longestTimerMs, () => {
    cancel = systemClock.schedule(dueAt - performance.now(), run);
  });
  return () => cancel();
}

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
