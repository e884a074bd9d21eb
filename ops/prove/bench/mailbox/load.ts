import type { Variant } from './variant.ts';

export interface LoadResult {
  readonly messages: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface AskLoad {
  readonly callers: number;
  readonly durationMs: number;
  readonly keyOf: () => string;
}

/** Callers that each ask, wait for the answer, and ask again. */
export async function loadWithAsks(
  variant: Variant,
  { callers, durationMs, keyOf }: AskLoad,
): Promise<LoadResult> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  const call = async () => {
    for (let now = performance.now(); now < until;) {
      await variant.ask(keyOf());
      const then = now;
      now = performance.now();
      latencies.push(now - then);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return summarise(latencies, performance.now() - startedAt);
}

/** Tells the messages of `keys` in this order, so many at once. */
export async function tellAll(variant: Variant, keys: readonly string[], atOnce: number): Promise<void> {
  let next = 0;
  const call = async () => {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) await variant.tell(key);
  };
  await Promise.all(Array.from({ length: atOnce }, call));
}

/** Draws from `count` keys, evenly and reproducibly. */
export function keyDrawer(count: number): () => string {
  let seed = 1;
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return keyName(Math.floor((seed / 2 ** 32) * count));
  };
}

export const keyName = (i: number) => `user-${100_000 + i}`;

export function summarise(latencies: number[], tookMs: number): LoadResult {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
  return {
    messages: sorted.length,
    perSecond: (sorted.length / tookMs) * 1000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}
