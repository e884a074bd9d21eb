import { LRUCache } from 'lru-cache';
import { ActorError, type Logger, type RedisConnection } from '@trolley/runtime';
import { Batcher, ForeignKeys, isRedisCluster, batchedScript } from '@trolley/runtime/adapters';
import { changesOf } from '../changes/change-notices.redis.ts';
import { CartView } from './cart.contract.ts';
import type { CartViews } from './cart.view.ts';

const ttlMs = 15 * 60_000;
const maxJitterMs = 5 * 60_000;
/** In characters of their texts. */
const maxParsed = 4_000_000;
/** Views that are read by one command; while so many commands are under way, the next ones gather. */
const maxTogether = 100;
const maxUnderWay = 2;
const maxWaiting = 10_000;

// One script, so that of two writers the one with the older cart can't come last. The version is looked for in the text: a
// cart of 50 lines would take Redis longer to decode than all else here. No other key in it has that name, and in a value its
// quotes would be escaped. Who follows the user hears of it; where Redis does not let us publish, the view is no worse for it.
const putIfNotOlder = `
local held = redis.call('GET', KEYS[1])
local version = held and tonumber(string.match(held, '"version":(%d+)'))
if version and version > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.pcall('PUBLISH', ARGV[4], 'cart')
return 1`;

/**
 * Carts as JSON under `cart:<userId>`, for 15 to 20 minutes: the jitter keeps carts that were written together
 * from being missed together. `random` gives numbers from 0 to below 1.
 */
export function createRedisCartViews({
  redis,
  random,
  logger,
}: {
  readonly redis: RedisConnection;
  readonly random: () => number;
  readonly logger: Logger;
}): CartViews {
  const foreign = new ForeignKeys({ redis, logger });
  const put = batchedScript<number>(redis, 'cart views to write', putIfNotOlder);
  const healed = <T>(userId: number, work: (key: string) => Promise<T>) => {
    const key = keyOf(userId);
    const types = () => ({ [key]: 'string' }) as const;
    return foreign.healed(types, () => work(key)).catch(rethrow);
  };
  // Only saves the parsing: Redis is asked each time, since any process may have written another text.
  const parsed = new LRUCache<number, { readonly text: string; readonly view: CartView }>({
    maxSize: maxParsed,
    sizeCalculation: ({ text }) => text.length + 500,
  });
  const reads = new Batcher<number, string | null>({
    name: 'cart views',
    flush: async (userIds) =>
      (await redis.mget(userIds.map(keyOf))).map((value) => ({ status: 'fulfilled', value })),
    maxBatch: maxTogether,
    maxWaiting,
    maxInFlight: maxUnderWay,
  });
  // Keys of a cluster are not read together: they lie in many places.
  const read = isRedisCluster(redis)
    ? (userId: number) => healed(userId, (key) => redis.get(key))
    : (userId: number) => reads.add(userId).catch(rethrow);
  return {
    async get(userId) {
      const text = await read(userId);
      if (text === null) return undefined;
      const known = parsed.get(userId);
      if (known?.text === text) return known.view;
      const view = parse(text);
      if (view !== undefined) parsed.set(userId, { text, view });
      return view;
    },
    async put(view) {
      const lifetimeMs = ttlMs + Math.floor(random() * maxJitterMs);
      const text = JSON.stringify(view);
      await healed(view.userId, (key) => put(key, text, view.version, lifetimeMs, changesOf(view.userId)));
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
  throw new ActorError('unavailable', 'the cart views cannot be reached', { cause });
}
