import type { Redis } from 'ioredis';
import { pause, type Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { openBlockingConnection, type RedisConnection } from '../redis/redis-connection.ts';
import type { Inbox, Replies, Reply } from './replies.ts';

/** Answers kept for an asker that reads slowly; what is older, nobody waits for any more. */
const inboxLength = 10_000;
/** An inbox that nothing was put in for this long is gone: its asker is, too. */
const inboxTtlMs = 60_000;
/** How often its life is prolonged, at most: not with every answer. */
const prolongMs = 10_000;
/** Inboxes whose last prolonging is remembered. */
const maxRemembered = 1_000;
const blockMs = 1_000;
const retryMs = 200;

export class RedisReplies implements Replies {
  readonly #redis: RedisConnection;
  readonly #clock: Clock;
  /** Inbox → when its life was last prolonged, monotonic. */
  readonly #prolongedAt = new Map<string, number>();

  constructor(redis: RedisConnection, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
  }

  async send(inbox: string, reply: Reply): Promise<void> {
    const added = this.#redis.xadd(inbox, 'MAXLEN', '~', inboxLength, '*', 'r', JSON.stringify(reply));
    const now = this.#clock.monotonic();
    const prolongedAt = this.#prolongedAt.get(inbox) ?? -Infinity;
    await (now - prolongedAt < prolongMs ? added : Promise.all([added, this.#prolong(inbox, now)]));
  }

  async #prolong(inbox: string, now: number): Promise<void> {
    // Forgetting too many only prolongs them once more.
    if (this.#prolongedAt.size >= maxRemembered) this.#prolongedAt.clear();
    this.#prolongedAt.set(inbox, now);
    try {
      await this.#redis.pexpire(inbox, inboxTtlMs);
    } catch (error) {
      this.#prolongedAt.delete(inbox);
      throw error;
    }
  }
}

export interface RedisInboxOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  /** Unique per process. */
  readonly process: string;
}

/** A process's stream of answers, read from the last one seen, so that a reconnect loses nothing. */
export class RedisInbox implements Inbox {
  readonly name: string;
  readonly #options: RedisInboxOptions;
  readonly #connection: Redis;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #listener: (reply: Reply) => void = () => undefined;
  #lastId = '0-0';

  constructor(options: RedisInboxOptions) {
    this.name = `${options.namespace}:inbox:${options.process}`;
    this.#options = options;
    this.#connection = openBlockingConnection(options.redis);
    this.#connection.on('error', (error) => options.logger.debug({ err: error }, 'inbox connection'));
    this.#ended = this.#loop();
  }

  onReply(listener: (reply: Reply) => void): void {
    this.#listener = listener;
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
      try {
        await this.#read();
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        logger.warn({ err: error }, 'answers cannot be read');
        await pause(clock, retryMs, signal);
      }
    }
  }

  async #read(): Promise<void> {
    const streams = await this.#connection.xread(
      'COUNT',
      1000,
      'BLOCK',
      blockMs,
      'STREAMS',
      this.name,
      this.#lastId,
    );
    for (const [, entries] of streams ?? []) {
      for (const [id, fields] of entries) {
        this.#lastId = id;
        this.#listener(JSON.parse(String(fields[1])) as Reply);
      }
    }
  }
}
