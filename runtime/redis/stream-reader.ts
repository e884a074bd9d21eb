import type { Redis } from 'ioredis';
import { pause, type Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { levelOfRetry } from '../observe/reason.ts';
import { ForeignKeys, isWrongType } from './foreign-keys.ts';
import { openBlockingConnection, type RedisConnection } from './redis-connection.ts';
import { firstStreamId, isAfter } from './stream-id.ts';

export interface StreamReaderOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the streams hold, for the log: `answers`. */
  readonly what: string;
  /** How long one read waits at most; a stream added meanwhile is not heard before its end. */
  readonly blockMs: number;
  /** Where a stream is begun: with its first entry, or with what came within the last second. */
  readonly from: 'first' | 'last second';
  /** Called for each entry, once or more. */
  readonly onEntry: (stream: string, id: string, fields: string[]) => void;
  /** Called after each read, and awaited before the next. */
  readonly onRead?: (found: boolean) => void | Promise<void>;
}

const maxEntries = 1_000;
const retryMs = 200;

/**
 * Reads streams with one blocking read, on a connection of its own, each stream from the last entry seen: what is
 * added while the connection is lost is read afterwards. On a Redis Cluster the streams must share a slot.
 */
export class StreamReader {
  readonly #options: StreamReaderOptions;
  /** Stream → the id of the last entry seen; undefined until the first read. */
  readonly #seen = new Map<string, string | undefined>();
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #connection: Redis | undefined;
  /** Ends the wait for a first stream. */
  #wake: () => void = () => undefined;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  add(stream: string): void {
    this.#seen.set(stream, this.#options.from === 'first' ? firstStreamId : undefined);
    this.#wake();
  }

  remove(stream: string): void {
    this.#seen.delete(stream);
    if (this.#seen.size === 0) this.#connection?.disconnect();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    this.#connection?.disconnect();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { clock, logger, what } = this.#options;
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      const [stream] = this.#seen.keys();
      if (stream === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      try {
        await this.#read(stream, () => (failures = 0));
      } catch (error) {
        if (this.#isIdle()) continue;
        if (isWrongType(error)) await this.#removeForeign();
        // Once for each time; what follows only says the same.
        const level = failures++ === 0 ? levelOfRetry(error) : 'debug';
        logger[level]({ err: error, stream }, `${what} cannot be read for now`);
        await pause(clock, retryMs, signal);
      }
    }
  }

  async #removeForeign(): Promise<void> {
    const { logger, what } = this.#options;
    const keys = Object.fromEntries([...this.#seen.keys()].map((stream) => [stream, 'stream'] as const));
    await new ForeignKeys(this.#options).remove(keys).catch((error: unknown) => {
      logger.debug({ err: error }, `what is in the place of ${what} cannot be removed for now`);
    });
  }

  /** Reads on one connection until it fails or nothing is left to read. */
  async #read(stream: string, succeeded: () => void): Promise<void> {
    const { redis, blockMs, logger, what, onRead } = this.#options;
    const connection = await openBlockingConnection(redis, stream, blockMs);
    connection.on('error', (error: unknown) => logger.debug({ err: error }, `the connection for ${what}`));
    this.#connection = connection;
    try {
      await this.#stepBack(connection);
      while (!this.#isIdle()) {
        await this.#begin(connection);
        const found = await this.#readOnce(connection);
        succeeded();
        await onRead?.(found);
      }
    } finally {
      this.#connection = undefined;
      connection.disconnect();
    }
  }

  /** A Redis that lost entries, in a failover or a restart, may give their ids again. */
  async #stepBack(connection: Redis): Promise<void> {
    await Promise.all(
      [...this.#seen].map(async ([stream, seen]) => {
        if (seen === undefined) return;
        const [last] = await connection.xrevrange(stream, '+', '-', 'COUNT', 1);
        const lastId = last?.[0] ?? firstStreamId;
        if (isAfter(seen, lastId)) this.#see(stream, lastId);
      }),
    );
  }

  async #begin(connection: Redis): Promise<void> {
    if ([...this.#seen.values()].every((seen) => seen !== undefined)) return;
    const [seconds] = await connection.time();
    for (const [stream, seen] of this.#seen) this.#see(stream, seen ?? `${(Number(seconds) - 1) * 1_000}-0`);
  }

  async #readOnce(connection: Redis): Promise<boolean> {
    const { blockMs, onEntry } = this.#options;
    const streams = [...this.#seen.keys()];
    const ids = [...this.#seen.values()].map((seen) => seen ?? firstStreamId);
    const found = await connection.xread(
      'COUNT',
      maxEntries,
      'BLOCK',
      blockMs,
      'STREAMS',
      ...streams,
      ...ids,
    );
    for (const [stream, entries] of found ?? []) {
      for (const [id, fields] of entries) {
        this.#see(stream, id);
        if (this.#seen.has(stream)) onEntry(stream, id, fields);
      }
    }
    return found !== null;
  }

  /** Unless the stream was removed meanwhile. */
  #see(stream: string, id: string): void {
    if (this.#seen.has(stream)) this.#seen.set(stream, id);
  }

  /** A method, since it turns true while something else is awaited. */
  #isIdle(): boolean {
    return this.#closing.signal.aborted || this.#seen.size === 0;
  }
}
