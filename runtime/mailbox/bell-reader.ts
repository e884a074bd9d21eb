import { setImmediate as nextImmediate } from 'node:timers/promises';
import type { Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { isRedisCluster, type RedisConnection } from '../redis/redis-connection.ts';
import { StreamReader } from '../redis/stream-reader.ts';
import { parseAddress } from './address.ts';
import type { CarriedMessage, MailboxWatch, RingListener } from './mailbox.ts';
import { bellKey } from './redis-keys.ts';

export interface BellOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
}

/** Connections that hear rings: to block on a stream, and to be woken, costs Redis for each stream of the read. */
const readersOfOneRedis = 4;
/** The longest that a shard just added waits to be listened to; what rings meanwhile is not lost. */
const blockMs = 200;
/** Where a reader has one shard, nothing is added to it. */
const loneBlockMs = 1_000;
/** Rings heard before they are removed: often enough that messages do not lie about twice. */
const trimEvery = 200;

/** Hears the doorbells of the shards that are added. A Redis Cluster reads one slot at a time: a reader a shard. */
export function watchBells(options: BellOptions, onRing: RingListener): MailboxWatch {
  const alone = isRedisCluster(options.redis);
  const readers = new Map<number, BellReader>();
  const numberOf = (shard: number) => (alone ? shard : shard % readersOfOneRedis);
  return {
    add(shard) {
      const number = numberOf(shard);
      const reader = readers.get(number) ?? new BellReader(options, alone ? loneBlockMs : blockMs, onRing);
      readers.set(number, reader);
      reader.add(shard);
    },
    remove: (shard) => readers.get(numberOf(shard))?.remove(shard),
    async close() {
      await Promise.all([...readers.values()].map((reader) => reader.close()));
    },
  };
}

interface Bell {
  readonly shard: number;
  /** The last ring heard. */
  lastId: string;
  /** Rings heard since the stream was last trimmed. */
  untrimmed: number;
}

class BellReader {
  readonly #options: BellOptions;
  readonly #onRing: RingListener;
  readonly #bells = new Map<string, Bell>();
  readonly #reader: StreamReader;

  constructor(options: BellOptions, blockMs: number, onRing: RingListener) {
    this.#options = options;
    this.#onRing = onRing;
    this.#reader = new StreamReader({
      ...options,
      what: 'doorbells',
      blockMs,
      // What rang since the shard was acquired is heard, and a ring heard twice does no harm.
      from: 'last second',
      onEntry: (key, id, fields) => this.#heard(key, id, fields),
      onRead: (found) => (found ? turnsToStart() : this.#trimAll()),
    });
  }

  add(shard: number): void {
    const key = bellKey(this.#options.namespace, shard);
    this.#bells.set(key, { shard, lastId: '', untrimmed: 0 });
    this.#reader.add(key);
  }

  remove(shard: number): void {
    const key = bellKey(this.#options.namespace, shard);
    this.#bells.delete(key);
    this.#reader.remove(key);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #heard(key: string, id: string, fields: string[]): void {
    const bell = this.#bells.get(key);
    if (bell === undefined) return;
    bell.lastId = id;
    if (++bell.untrimmed >= trimEvery) this.#trim(key, bell);
    const actor = fields[1];
    if (actor !== undefined) this.#onRing(parseAddress(actor, bell.shard), carriedBy(id, fields));
  }

  /** In a quiet moment: what is left of the rings need not lie about until the next busy one. */
  #trimAll(): void {
    for (const [key, bell] of this.#bells) if (bell.untrimmed > 0) this.#trim(key, bell);
  }

  /** Removes what was heard, but for the last ring: takers read from it how far the rings have come. */
  #trim(key: string, bell: Bell): void {
    bell.untrimmed = 0;
    this.#options.redis
      .xtrim(key, 'MINID', bell.lastId)
      .catch((error: unknown) => this.#options.logger.debug({ err: error }, 'doorbell not trimmed'));
  }
}

/**
 * Lets the turns that were rung for send their commands first: a read of many streams takes Redis longer than all
 * that an answer needs. Rings that come meanwhile are read together.
 */
async function turnsToStart(): Promise<void> {
  await nextImmediate();
  await nextImmediate();
}

/** The message that a ring carries: fields `a` actor, `t` lease token, `j` job id, `d` data. */
function carriedBy(ring: string, fields: string[]): CarriedMessage | undefined {
  const [, , , token, , jobId, , data] = fields;
  if (token === undefined || jobId === undefined || data === undefined) return undefined;
  return { token, ring, jobId, data };
}
