/** What callers saw who each did the same thing over and over. */
export interface Timing {
  readonly name: string;
  /** Callers at once. */
  readonly callers: number;
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly perSecond: number;
}

export interface Load {
  readonly name: string;
  readonly callers: number;
  /** The end, unless `act` ends it earlier. */
  readonly durationMs: number;
  /** Does it once. False: there is nothing left to do. */
  readonly act: (caller: number) => Promise<boolean>;
}

/** Each caller acts, waits for the answer, and acts again. */
export async function measure({ name, callers, durationMs, act }: Load): Promise<Timing> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  const call = async (_: unknown, caller: number) => {
    for (let before = performance.now(); before < until; before = performance.now()) {
      if (!(await act(caller))) return;
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const tookMs = performance.now() - startedAt;
  return timing(name, callers, latencies, (latencies.length / tookMs) * 1000);
}

export function timing(
  name: string,
  callers: number,
  latencies: readonly number[],
  perSecond: number,
): Timing {
  const sorted = [...latencies].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { name, callers, count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), perSecond };
}
