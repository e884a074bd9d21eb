/** How long to wait before a repeated attempt: doubling from `firstMs` to `maxMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** The part of each wait that is left to chance, so that not all come again at once. Default 0.5. */
  readonly jitter?: number;
}

/**
 * How long to wait after a failed attempt, the first being 0; never longer than `maxMs`.
 *
 * @param random - gives numbers in [0, 1); without it nothing is left to chance
 */
export function backOffMs(
  { firstMs, maxMs, jitter = 0.5 }: BackOff,
  attempt: number,
  random: () => number = () => 1,
): number {
  const full = Math.min(maxMs, firstMs * 2 ** attempt);
  return full * (1 - jitter + jitter * random());
}
