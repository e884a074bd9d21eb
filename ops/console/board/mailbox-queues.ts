import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { Queue } from 'bullmq';
import type { Logger, RedisConnection } from '@trolley/runtime';
import { addressOf, shardPrefix } from '@trolley/runtime/adapters';
import type { ShownMailbox } from './choose-mailboxes.ts';

export interface MailboxQueuesOptions {
  /** Shared by all of them: none opens a connection of its own. */
  readonly redis: RedisConnection;
  readonly logger: Logger;
  /** As for the cluster. Default `actors`. */
  readonly namespace?: string;
  readonly shards: number;
}

/** Called as people call an actor: the board decodes names once too often, which the names of queues do not stand. */
export const boardName = ({ type, key }: ShownMailbox) => `${type} ${key}`;

class MailboxAdapter extends BullMQAdapter {
  readonly #name: string;

  constructor(queue: Queue, shown: ShownMailbox) {
    super(queue, { readOnlyMode: true });
    this.#name = boardName(shown);
  }

  override getName(): string {
    return this.#name;
  }

  // No mailbox has any of these, and each would be asked for of each mailbox with each poll.

  override getGlobalConcurrency(): Promise<null> {
    return Promise.resolve(null);
  }

  override getActiveRateLimitTtl(): Promise<number> {
    return Promise.resolve(0);
  }

  override getJobSchedulersCount(): Promise<number> {
    return Promise.resolve(0);
  }
}

/** The queues behind the mailboxes that the board shows: opened when one comes, closed when it goes. */
export class MailboxQueues {
  readonly #options: MailboxQueuesOptions;
  readonly #open = new Map<string, Queue>();

  constructor(options: MailboxQueuesOptions) {
    this.#options = options;
  }

  /** Adapters of these, and of no other. */
  show(mailboxes: readonly ShownMailbox[]): MailboxAdapter[] {
    const ids = new Set<string>();
    const adapters = mailboxes.map((shown) => {
      const { id, shard } = addressOf(shown.type, shown.key, this.#options.shards);
      ids.add(id);
      return new MailboxAdapter(this.#queue(id, shard), shown);
    });
    for (const [id, queue] of this.#open) if (!ids.has(id)) this.#close(id, queue);
    return adapters;
  }

  close(): void {
    for (const [id, queue] of this.#open) this.#close(id, queue);
  }

  #queue(id: string, shard: number): Queue {
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const { redis, logger, namespace = 'actors' } = this.#options;
    const queue = new Queue(id, {
      connection: redis,
      prefix: shardPrefix(namespace, shard),
      // It would leave keys of every actor that somebody looked for.
      skipMetasUpdate: true,
    });
    queue.on('error', (err) => logger.debug({ err, queue: id }, 'the board could not read a mailbox'));
    this.#open.set(id, queue);
    return queue;
  }

  #close(id: string, queue: Queue): void {
    this.#open.delete(id);
    queue
      .close()
      .catch((err: unknown) => this.#options.logger.debug({ err }, 'a queue of the board was not closed'));
  }
}
