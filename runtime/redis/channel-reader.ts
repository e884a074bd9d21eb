import type { Redis } from 'ioredis';
import { pause, type Clock } from '../define/clock.ts';
import { backOffMs } from '../flow/back-off.ts';
import type { Logger } from '../observe/logger.ts';
import { levelOfRetry } from '../observe/reason.ts';
import { openBlockingConnection, type RedisConnection } from './redis-connection.ts';

export interface ChannelReaderOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the channels carry, for the log: `changes`. */
  readonly what: string;
  readonly onMessage: (channel: string, message: string) => void;
  /** From now on all that is published there is heard; what was published before may have been missed. */
  readonly onListening: (channel: string) => void;
}

const retry = { firstMs: 200, maxMs: 5_000 };
/** How often a connection over which nothing comes is looked at. */
const everyMs = 5_000;

/**
 * Hears what is published on channels, on a connection of its own that is made for the first of them. What is published
 * while that is lost is not heard: whoever listens is told, and has another way to learn of it.
 */
export class ChannelReader {
  readonly #options: ChannelReaderOptions;
  readonly #channels = new Set<string>();
  readonly #closing = new AbortController();
  #connection: Redis | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: ChannelReaderOptions) {
    this.#options = options;
  }

  add(channel: string): void {
    this.#channels.add(channel);
    this.#ended ??= this.#run();
    const connection = this.#connection;
    if (connection === undefined) return;
    // Ends what reads on it, which begins anew with all channels.
    this.#listenTo(connection, [channel]).catch(() => connection.disconnect());
  }

  remove(channel: string): void {
    if (!this.#channels.delete(channel)) return;
    // Where this fails, the connection does, and the next one never hears of the channel.
    this.#connection?.unsubscribe(channel).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.disconnect();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { clock, logger, what } = this.#options;
    const { signal } = this.#closing;
    for (let failures = 0; !this.#isClosing(); failures++) {
      try {
        await this.#hear(() => (failures = 0));
      } catch (error) {
        if (this.#isClosing()) return;
        // Once for each time; what follows only says the same.
        const level = isForbidden(error) ? 'warn' : levelOfRetry(error);
        logger[failures === 0 ? level : 'debug']({ err: error }, `${what} cannot be heard`);
      }
      await pause(clock, backOffMs(retry, failures), signal);
    }
  }

  /** Hears on one connection until that fails. */
  async #hear(succeeded: () => void): Promise<void> {
    const { redis, clock, logger, what, onMessage } = this.#options;
    const connection = await openBlockingConnection(redis, what, 0);
    const lost = new AbortController();
    const over = AbortSignal.any([lost.signal, this.#closing.signal]);
    connection.once('end', () => lost.abort());
    this.#connection = connection;
    connection.on('error', (error: unknown) => logger.debug({ err: error }, `the connection for ${what}`));
    connection.on('message', onMessage);
    try {
      if (this.#isClosing()) return;
      await connection.connect();
      await this.#listenTo(connection, [...this.#channels]);
      succeeded();
      for (;;) {
        await pause(clock, everyMs, over);
        if (this.#isClosing()) return;
        await connection.ping();
      }
    } finally {
      this.#connection = undefined;
      connection.disconnect();
    }
  }

  /** A method, since it turns true while something else is awaited. */
  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  async #listenTo(connection: Redis, channels: readonly string[]): Promise<void> {
    if (channels.length === 0) return;
    await connection.subscribe(...channels);
    for (const channel of channels) if (this.#channels.has(channel)) this.#options.onListening(channel);
  }
}

/** By an access list, which names channels apart from keys. No health check tells of it. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOPERM ');
}
