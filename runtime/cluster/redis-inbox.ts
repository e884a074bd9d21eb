import type { Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { StreamReader } from '../redis/stream-reader.ts';
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

/** A process's stream of answers. */
export class RedisInbox implements Inbox {
  readonly name: string;
  readonly #reader: StreamReader;
  #listener: (reply: Reply) => void = () => undefined;

  constructor(options: RedisInboxOptions) {
    this.name = `${options.namespace}:inbox:${options.process}`;
    this.#reader = new StreamReader({
      ...options,
      what: 'answers',
      blockMs,
      from: 'first',
      onEntry: (_, _id, fields) => this.#listener(JSON.parse(String(fields[1])) as Reply),
    });
    this.#reader.add(this.name);
  }

  onReply(listener: (reply: Reply) => void): void {
    this.#listener = listener;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
