import { setImmediate as nextImmediate } from 'node:timers/promises';
import type { Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { isRedisCluster, type RedisConnection } from '../redis/redis-connection.ts';
import { StreamReader } from '../redis/stream-reader.ts';
import { parseAddress } from './address.ts';
import type { InlinedMessage, MailboxWatch, WakeListener } from './mailbox.ts';
import { wakeKey } from './redis-keys.ts';

export interface WakeReaderOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
}

/** Connections that hear wake-ups: to block on a stream, and to be woken, costs Redis for each stream of the read. */
const readersOfOneRedis = 4;
/** The longest that a shard just added waits to be listened to; what comes meanwhile is not lost. */
const blockMs = 200;
/** Where a reader has one shard, nothing is added to it. */
const loneBlockMs = 1_000;
/** Wake-ups heard before they are removed: often enough that messages do not lie about twice. */
const trimEvery = 200;

/** Hears the wake-ups of the shards that are added. A Redis Cluster reads one slot at a time: a reader a shard. */
export function watchWakeUps(options: WakeReaderOptions, onWake: WakeListener): MailboxWatch {
  const alone = isRedisCluster(options.redis);
  const readers = new Map<number, WakeReader>();
  const numberOf = (shard: number) => (alone ? shard : shard % readersOfOneRedis);
  return {
    add(shard) {
      const number = numberOf(shard);
      const reader = readers.get(number) ?? new WakeReader(options, alone ? loneBlockMs : blockMs, onWake);
      readers.set(number, reader);
      reader.add(shard);
    },
    remove: (shard) => readers.get(numberOf(shard))?.remove(shard),
    async close() {
      await Promise.all([...readers.values()].map((reader) => reader.close()));
    },
  };
}

interface WakeStream {
  readonly shard: number;
  /** The last wake-up heard. */
  lastId: string;
  /** Wake-ups heard since the stream was last trimmed. */
  untrimmed: number;
}

class WakeReader {
  readonly #options: WakeReaderOptions;
  readonly #onWake: WakeListener;
  readonly #streams = new Map<string, WakeStream>();
  readonly #reader: StreamReader;

  constructor(options: WakeReaderOptions, blockMs: number, onWake: WakeListener) {
    this.#options = options;
    this.#onWake = onWake;
    this.#reader = new StreamReader({
      ...options,
      what: 'wake-ups',
      blockMs,
      // What came since the shard was acquired is heard, and a wake-up heard twice does no harm.
      from: 'last second',
      onEntry: (key, id, fields) => this.#heard(key, id, fields),
      onRead: (found) => (found ? turnsToStart() : this.#trimAll()),
    });
  }

  add(shard: number): void {
    const key = wakeKey(this.#options.namespace, shard);
    this.#streams.set(key, { shard, lastId: '', untrimmed: 0 });
    this.#reader.add(key);
  }

  remove(shard: number): void {
    const key = wakeKey(this.#options.namespace, shard);
    this.#streams.delete(key);
    this.#reader.remove(key);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #heard(key: string, id: string, fields: string[]): void {
    const stream = this.#streams.get(key);
    if (stream === undefined) return;
    stream.lastId = id;
    if (++stream.untrimmed >= trimEvery) this.#trim(key, stream);
    const actor = fields[1];
    if (actor !== undefined) this.#onWake(parseAddress(actor, stream.shard), inlinedIn(id, fields));
  }

  /** In a quiet moment: what is left of the wake-ups need not lie about until the next busy one. */
  #trimAll(): void {
    for (const [key, stream] of this.#streams) if (stream.untrimmed > 0) this.#trim(key, stream);
  }

  /** Removes what was heard, but for the last wake-up: takers read from it how far the wake-ups have come. */
  #trim(key: string, stream: WakeStream): void {
    stream.untrimmed = 0;
    this.#options.redis
      .xtrim(key, 'MINID', stream.lastId)
      .catch((error: unknown) => this.#options.logger.debug({ err: error }, 'wake-up not trimmed'));
  }
}

/**
 * Lets the turns that were woken send their commands first: a read of many streams takes Redis longer than all
 * that an answer needs. Wake-ups that come meanwhile are read together.
 */
async function turnsToStart(): Promise<void> {
  await nextImmediate();
  await nextImmediate();
}

/** The message that a wake-up carries: fields `a` actor, `t` lease token, `j` job id, `d` data. */
function inlinedIn(wakeId: string, fields: string[]): InlinedMessage | undefined {
  const [, , , token, , jobId, , data] = fields;
  if (token === undefined || jobId === undefined || data === undefined) return undefined;
  return { token, wakeId, jobId, data };
}
