import {
  RLWrapperTimeouts,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Logger, RedisConnection } from '@trolley/runtime';
import { ForeignKeys, redisScript } from '@trolley/runtime/adapters';
import type { RateLimits } from './rate-limits.ts';

export interface RedisRateLimitOptions {
  readonly redis: RedisConnection;
  readonly logger: Logger;
  /** Requests per second in the long run; 0: no limit at all. */
  readonly rps: number;
  /** Requests at once by someone who was quiet before. */
  readonly burst: number;
  /** Before the keys in Redis: limits of the same name are one limit. Default `rate-limit`. */
  readonly name?: string;
}

/** How long Redis may take before this process counts for itself. */
const redisTimeoutMs = 250;

/**
 * One allowance per principal over all gateways, counted in Redis; while Redis is down each gateway counts
 * for itself, so that a shop without Redis is neither closed nor unlimited.
 */
export function createRedisRateLimits(options: RedisRateLimitOptions): RateLimits | undefined {
  const { rps, burst, name = 'rate-limit' } = options;
  if (rps <= 0) return undefined;
  const allowance = { points: Math.max(1, burst), keyPrefix: name };
  const intervalMs = 1000 / rps;
  const windowMs = allowance.points * intervalMs;
  const limit = allowance.points;
  const shared = new RateLimiterRedis({
    ...allowance,
    duration: Math.max(1, Math.ceil(burst / rps)),
    storeClient: withTokenBucket(options, allowance.points),
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory({ ...allowance, duration: allowance.points / rps }),
  });
  const limiter = new RLWrapperTimeouts({ limiter: shared, timeoutMs: redisTimeoutMs });
  return {
    async take(principal) {
      try {
        const { remainingPoints: remaining, msBeforeNext: fullAfterMs } = await limiter.consume(principal);
        return { allowed: true, allowance: { limit, windowMs, remaining, fullAfterMs } };
      } catch (refusal) {
        // Anything else means that neither Redis nor the memory could count: not the caller's fault.
        if (!(refusal instanceof RateLimiterRes)) return { allowed: true };
        const retryAfterMs = refusal.msBeforeNext;
        const fullAfterMs = retryAfterMs + windowMs - intervalMs;
        return { allowed: false, retryAfterMs, allowance: { limit, windowMs, remaining: 0, fullAfterMs } };
      }
    },
  };
}

/**
 * What the library needs of a connection to count by our script. It would register that under one name for all
 * limits on the connection, whatever their rates.
 */
function withTokenBucket({ redis, logger, rps }: RedisRateLimitOptions, burst: number) {
  const take = redisScript<number[]>(redis, 1, tokenBucket(rps, burst));
  const foreign = new ForeignKeys({ redis, logger });
  return {
    get status() {
      return redis.status;
    },
    rlflxIncr: ([key = '', ...given]: string[]) =>
      foreign.healed(
        () => ({ [key]: 'string' }),
        () => take(key, ...given),
      ),
  };
}

/**
 * The library counts in fixed windows: two bursts fit into one moment at their border, and an even stream at
 * the allowed rate trips over it. This bucket refills steadily instead. What is stored is the time at which it
 * will be full again, by the clock of Redis, the only one that all gateways share.
 */
function tokenBucket(rps: number, burst: number): string {
  return `
    local interval = ${1000 / rps}
    local time = redis.call('time')
    local now = time[1] * 1000 + time[2] / 1000
    -- Never longer than a whole burst away, or the clock was set back.
    local full = math.min(math.max(now, tonumber(redis.call('get', KEYS[1]) or '') or now), now + ${burst} * interval)
    local wait = full + interval - now - ${burst} * interval
    if wait > 0.01 then return {${burst} + 1, math.ceil(wait)} end
    full = full + interval
    redis.call('set', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now))
    return {math.min(${burst}, math.ceil((full - now) / interval)), math.ceil(full - now)}
  `;
}
