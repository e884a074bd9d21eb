/** How many requests a principal may send, counted over all gateways. */
export interface RateLimits {
  /** Takes one request of `principal`'s allowance. Never rejects: a limiter that is down limits less. */
  take(principal: string): Promise<RateVerdict>;
}

export type RateVerdict = { readonly allowance?: Allowance } & (
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterMs: number }
);

/** What is left of a principal's requests. */
export interface Allowance {
  /** Requests at once by someone who was quiet before. */
  readonly limit: number;
  /** How long it takes until all of them are allowed again, when all have been used. */
  readonly windowMs: number;
  readonly remaining: number;
  /** The same from now on. */
  readonly fullAfterMs: number;
}

const seconds = (ms: number) => Math.ceil(ms / 1000);

/** As in version 06 of the IETF's draft on RateLimit header fields. */
export const rateLimitFields = [
  'RateLimit-Policy',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
] as const;

/** Lines of the head of an answer; numbers need no check. */
export function rateLimitLines({ limit, windowMs, remaining, fullAfterMs }: Allowance): string {
  const [policy, most, left, reset] = rateLimitFields;
  return `${policy}: ${limit};w=${Math.max(1, seconds(windowMs))}\r
${most}: ${limit}\r
${left}: ${remaining}\r
${reset}: ${seconds(fullAfterMs)}\r
`;
}
