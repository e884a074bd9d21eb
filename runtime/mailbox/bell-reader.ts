import type { Redis } from 'ioredis';
import { pause, type Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { parseAddress, type ActorAddress } from './address.ts';
import type { MailboxWatch } from './mailbox.ts';
import { bellKey } from './redis-keys.ts';

/** The longest that a shard just added waits to be listened to; what rings meanwhile is not lost. */
const blockMs = 200;
const maxRings = 1000;

interface Bell {
  readonly shard: number;
  /** The id of the last ring heard; unset until the first read. */
  lastId?: string;
}

interface Options {
  readonly redis: Redis;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
}

/** Reads the doorbells of many shards with one blocking read, on a connection of its own. */
export class BellReader implements MailboxWatch {
  readonly #options: Options;
  readonly #onRing: (address: ActorAddress) => void;
  readonly #connection: Redis;
  /** Stream key → shard and the id last seen. */
  readonly #streams = new Map<string, Bell>();
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: Options, onRing: (address: ActorAddress) => void) {
    this.#options = options;
    this.#onRing = onRing;
    this.#connection = options.redis.duplicate({ enableAutoPipelining: false, maxRetriesPerRequest: null });
    this.#connection.on('error', (error) => options.logger.debug({ err: error }, 'doorbell connection'));
    this.#ended = this.#loop();
  }

  add(shard: number): void {
    this.#streams.set(bellKey(this.#options.namespace, shard), { shard });
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
      const rung = new Set<string>();
      for (const [id, fields] of entries) {
        stream.lastId = id;
        const actor = fields[1];
        if (actor !== undefined) rung.add(actor);
      }
      for (const actor of rung) this.#onRing(parseAddress(actor, stream.shard));
    }
  }
}
