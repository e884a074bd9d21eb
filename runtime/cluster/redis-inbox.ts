import type { Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { StreamReader } from '../redis/stream-reader.ts';
import type { Inbox, Reply } from '../mailbox/replies.ts';

const blockMs = 1_000;

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
  readonly #listeners: ((reply: Reply) => void)[] = [];

  constructor(options: RedisInboxOptions) {
    this.name = `${options.namespace}:inbox:${options.process}`;
    this.#reader = new StreamReader({
      ...options,
      what: 'answers',
      blockMs,
      from: 'first',
      onEntry: (_, _id, fields) => {
        const reply = JSON.parse(String(fields[1])) as Reply;
        for (const listener of this.#listeners) listener(reply);
      },
    });
    this.#reader.add(this.name);
  }

  onReply(listener: (reply: Reply) => void): void {
    this.#listeners.push(listener);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
