import { setImmediate as nextImmediate } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { pause, type Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { openBlockingConnection, type RedisConnection } from '../redis/redis-connection.ts';
import { parseAddress } from './address.ts';
import type { CarriedMessage, MailboxWatch, RingListener } from './mailbox.ts';
import { bellKey } from './redis-keys.ts';

/** The longest that a shard just added waits to be listened to; what rings meanwhile is not lost. */
const blockMs = 200;
const maxRings = 1000;
/** Rings heard before they are removed: often enough that messages do not lie about twice. */
const trimEvery = 200;

interface Bell {
  readonly shard: number;
  /** The id of the last ring heard; unset until the first read. */
  lastId?: string;
  /** Rings heard since the stream was last trimmed. */
  untrimmed: number;
}

export interface BellOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
}

/** Connections that hear rings: to block on a stream, and to be woken, costs Redis for each stream of the read. */
const bellReaders = 4;

/** Hears the doorbells of the shards that are added. */
export function watchBells(options: BellOptions, onRing: RingListener): MailboxWatch {
  const readers = Array.from({ length: bellReaders }, () => new BellReader(options, onRing));
  const readerOf = (shard: number) => readers[shard % bellReaders];
  return {
    add: (shard) => readerOf(shard)?.add(shard),
    remove: (shard) => readerOf(shard)?.remove(shard),
    close: async () => {
      await Promise.all(readers.map((reader) => reader.close()));
    },
  };
}

/** Reads the doorbells of many shards with one blocking read, on a connection of its own. */
class BellReader implements MailboxWatch {
  readonly #options: BellOptions;
  readonly #onRing: RingListener;
  readonly #connection: Redis;
  /** Stream key → shard and the id last seen. */
  readonly #streams = new Map<string, Bell>();
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: BellOptions, onRing: RingListener) {
    this.#options = options;
    this.#onRing = onRing;
    this.#connection = openBlockingConnection(options.redis);
    this.#connection.on('error', (error) => options.logger.debug({ err: error }, 'doorbell connection'));
    this.#ended = this.#loop();
  }

  add(shard: number): void {
    this.#streams.set(bellKey(this.#options.namespace, shard), { shard, untrimmed: 0 });
  }

  remove(shard: number): void {
    this.#streams.delete(bellKey(this.#options.namespace, shard));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.disconnect();
    await this.#ended;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#closing;
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      const streams = [...this.#streams];
      if (streams.length === 0) {
        await pause(clock, blockMs, signal);
        continue;
      }
      try {
        await this.#read(streams);
        await turnsToStart();
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        logger.warn({ err: error }, 'doorbells cannot be read; the sweep finds the messages meanwhile');
        await pause(clock, blockMs, signal);
      }
    }
  }

  async #read(streams: [string, Bell][]): Promise<void> {
    if (streams.some(([, bell]) => bell.lastId === undefined)) {
      const [seconds] = await this.#connection.time();
      // A second back: what rang since the shard was acquired is heard, and a ring heard twice does no harm.
      for (const [, bell] of streams) bell.lastId ??= `${(Number(seconds) - 1) * 1000}-0`;
    }
    const reply = await this.#connection.xread(
      'COUNT',
      maxRings,
      'BLOCK',
      blockMs,
      'STREAMS',
      ...streams.map(([key]) => key),
      ...streams.map(([, bell]) => bell.lastId ?? '0'),
    );
    for (const [key, entries] of reply ?? []) {
      const stream = this.#streams.get(key);
      if (stream === undefined) continue;
      for (const [id, fields] of entries) {
        stream.lastId = id;
        const actor = fields[1];
        if (actor !== undefined) this.#onRing(parseAddress(actor, stream.shard), carriedBy(id, fields));
      }
      stream.untrimmed += entries.length;
      if (stream.untrimmed >= trimEvery) this.#trim(key, stream);
    }
    // A quiet moment: what is left of the rings need not lie about until the next busy one.
    if (reply === null) {
      for (const [key, stream] of this.#streams) if (stream.untrimmed > 0) this.#trim(key, stream);
    }
  }

  /** Removes what was heard, but for the last ring: takers read from it how far the rings have come. */
  #trim(key: string, stream: Bell): void {
    stream.untrimmed = 0;
    this.#options.redis
      .xtrim(key, 'MINID', stream.lastId ?? '0')
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
