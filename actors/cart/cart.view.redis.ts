import { TrolleyError } from '../../runtime/define/errors.ts';
import { CartView } from './cart.contract.ts';
import type { CartViews } from './cart.view.ts';

/** The two commands this adapter needs; an ioredis client has them. */
export interface CartViewRedis {
  get(key: string): Promise<string | null>;
  eval(
    script: string,
    keyCount: number,
    key: string,
    view: string,
    version: number,
    ttlMs: number,
  ): Promise<unknown>;
}

const ttlMs = 15 * 60_000;
const maxJitterMs = 5 * 60_000;

// One script, so that of two writers the one with the older cart can't come last.
const putIfNotOlder = `
local held = redis.call('GET', KEYS[1])
if held then
  local readable, view = pcall(cjson.decode, held)
  local version = readable and type(view) == 'table' and tonumber(view.version)
  if version and version > tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1`;

/**
 * Carts as JSON under `cart:<userId>`, for 15 to 20 minutes: the jitter keeps carts that were written together
 * from being missed together. `random` gives numbers from 0 to below 1.
 */
export function createRedisCartViews({
  redis,
  random,
}: {
  readonly redis: CartViewRedis;
  readonly random: () => number;
}): CartViews {
  return {
    async get(userId) {
      const text = await redis.get(keyOf(userId)).catch(rethrow);
      return text === null ? undefined : parse(text);
    },
    async put(view) {
      const lifetimeMs = ttlMs + Math.floor(random() * maxJitterMs);
      const text = JSON.stringify(view);
      await redis.eval(putIfNotOlder, 1, keyOf(view.userId), text, view.version, lifetimeMs).catch(rethrow);
    },
  };
}

/** What is not understood, e.g. from another release, is a miss. */
function parse(text: string): CartView | undefined {
  try {
    return CartView.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function keyOf(userId: number): string {
  return `cart:${userId}`;
}

function rethrow(cause: unknown): never {
  throw new TrolleyError('unavailable', 'the cart views cannot be reached', { cause });
}
