import type { Logger } from '../observe/logger.ts';
import type { RedisConnection } from './redis-connection.ts';
import { redisScript } from './redis-script.ts';

/** Keys, and what they hold where they are ours. */
export type KeyTypes = Readonly<Record<string, 'string' | 'list' | 'hash' | 'zset' | 'stream'>>;

const removeScript = `
local found = redis.call('TYPE', KEYS[1]).ok
if found == 'none' or found == ARGV[1] then return '' end
redis.call('DEL', KEYS[1])
return found
`;

export const isWrongType = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('WRONGTYPE');

/**
 * Keys in our place that somebody else has written. What Redis holds is disposable, and one that is of another type
 * than ours would fail everybody who needs it: it is told of and removed.
 */
export class ForeignKeys {
  readonly #redis: RedisConnection;
  readonly #logger: Logger;

  constructor({ redis, logger }: { readonly redis: RedisConnection; readonly logger: Logger }) {
    this.#redis = redis;
    this.#logger = logger;
  }

  /** What `work` gives; where a key of another type fails it, that is removed and `work` is done once more. */
  async healed<T>(keys: () => KeyTypes, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isWrongType(error)) throw error;
      await this.remove(keys());
      return work();
    }
  }

  async remove(keys: KeyTypes): Promise<void> {
    const removeUnless = redisScript<string>(this.#redis, 1, removeScript);
    const removals = Object.entries(keys).map(async ([key, expected]) => {
      const found = await removeUnless(key, expected);
      const about = { key, found, expected };
      if (found !== '')
        this.#logger.error(about, `${key} was a ${found}, not a ${expected}, and was removed`);
    });
    await Promise.all(removals);
  }
}
