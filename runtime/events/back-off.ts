/** How long to wait before a repeated attempt: doubling from `firstMs` to `maxMs`, and jittered by half. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** `attempt` counts from 0; `random` gives numbers in [0, 1). */
export function backOffMs({ firstMs, maxMs }: BackOff, attempt: number, random: () => number): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (random() * full) / 2;
}
