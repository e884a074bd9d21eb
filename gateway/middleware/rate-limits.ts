/** How many requests a principal may send, counted over all gateways. */
export interface RateLimits {
  /** Takes one request of `principal`'s allowance. Never rejects: a limiter that is down limits less. */
  take(principal: string): Promise<RateVerdict>;
}

export type RateVerdict =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterMs: number };
