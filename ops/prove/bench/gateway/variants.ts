import type { RateLimits } from '../../../../gateway/middleware/rate-limits.ts';
import type { GatewayTracing } from '../../../../gateway/gateway-tracing.ts';

/** A gateway with one part of it, and what its requests carry. */
export interface Variant {
  /** What is measured; undefined: what the others are held against. */
  readonly about: string | undefined;
  /** The name of what it is held against. */
  readonly against: string;
  readonly shedAboveMs: number;
  readonly rateLimits: RateLimits | undefined;
  readonly tracing?: GatewayTracing;
  /** Lines of the head of each request; the number of the request goes in the place of `#`. */
  readonly headers: string;
  /** What it may cost, as a share; undefined: told, and not judged. */
  readonly atMost?: number;
}

const allowance = { limit: 20, windowMs: 2_000, remaining: 19, fullAfterMs: 100 };
const limits = (isTold: boolean): RateLimits => ({
  take: async () => ({ allowed: true, ...(isTold ? { allowance } : {}) }),
});

const plain = { about: undefined, against: 'plain', shedAboveMs: 0, rateLimits: undefined, headers: '' };
const asked = 'Accept-Encoding: br, gzip\r\n';
const keyed = 'Idempotency-Key: bench-#\r\n';
const atMost = 0.03;

/** Spans that go nowhere: what the gateway itself does for a trace. */
const tracing: GatewayTracing = {
  begin: () => ({
    trace: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' },
    end: () => undefined,
  }),
};

export const variants = {
  plain,
  shedding: { ...plain, about: 'load shedding', shedAboveMs: 200, atMost },
  compression: { ...plain, about: 'compression, asked for', headers: asked, atMost },
  key: { ...plain, about: 'Idempotency-Key', headers: keyed, atMost },
  limited: { ...plain, about: 'a rate limit that costs nothing to count', rateLimits: limits(false) },
  told: { ...plain, about: 'RateLimit headers', against: 'limited', rateLimits: limits(true), atMost },
  traced: { ...plain, about: 'tracing on, spans left out', tracing },
} satisfies Record<string, Variant>;

export type VariantName = keyof typeof variants;
export const variantNames = Object.keys(variants) as VariantName[];
