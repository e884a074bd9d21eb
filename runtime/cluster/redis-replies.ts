import { pause, type Clock } from '../define/clock.ts';
import { backOffMs } from '../flow/back-off.ts';
import { withTimeLimit } from '../flow/time-limit.ts';
import type { Logger } from '../observe/logger.ts';
import { ForeignKeys } from '../redis/foreign-keys.ts';
import { joinWrites } from '../redis/joined-writes.ts';
import { isRedisCluster, type RedisConnection } from '../redis/redis-connection.ts';
import type { Replies, Reply } from '../mailbox/replies.ts';

/** Answers kept for an asker that reads slowly; what is older, nobody waits for any more. */
const inboxLength = 10_000;
/** An inbox that nothing was put in for this long is gone: its asker is, too. */
const inboxTtlMs = 60_000;
/** How often its life is prolonged, at most: not with every answer. */
const prolongMs = 10_000;
/** Inboxes whose last prolonging is remembered. */
const maxRemembered = 1_000;

/** How long an actor waits for the server of an inbox; a failover takes longer. */
const patienceMs = 500;
const retry = { firstMs: 250, maxMs: 8_000 };
const maxRetries = 6;
/** Answers that wait for the server of their inbox; of more, the askers will not hear. */
const maxLate = 10_000;

/** Leaves answers in the inboxes of those who asked. */
export class RedisReplies implements Replies {
  /** On a Redis Cluster an inbox is where its name places it. */
  readonly areApart: boolean;
  readonly #redis: RedisConnection;
  readonly #foreign: ForeignKeys;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Inbox → when its life was last prolonged, monotonic. */
  readonly #prolongedAt = new Map<string, number>();
  #late = 0;

  constructor(redis: RedisConnection, clock: Clock, logger: Logger) {
    this.#redis = redis;
    this.#foreign = new ForeignKeys({ redis, logger });
    this.#clock = clock;
    this.#logger = logger;
    this.areApart = isRedisCluster(redis);
  }

  /** Where inboxes are apart, one that cannot be reached holds up no actor: what is for it is tried again later. */
  async send(inbox: string, reply: Reply): Promise<void> {
    const added = this.#add(inbox, reply);
    if (!this.areApart) return added;
    try {
      await withTimeLimit(this.#clock, patienceMs, 'the inbox', added);
    } catch (error) {
      this.#logger.debug({ err: error, inbox }, 'an answer cannot be left for now');
      void this.#addLate(inbox, reply);
    }
  }

  async #add(inbox: string, reply: Reply): Promise<void> {
    joinWrites(this.#redis);
    const added = this.#foreign.healed(
      () => ({ [inbox]: 'stream' }),
      () => this.#redis.xadd(inbox, 'MAXLEN', '~', inboxLength, '*', 'r', JSON.stringify(reply)),
    );
    const now = this.#clock.monotonic();
    const prolongedAt = this.#prolongedAt.get(inbox) ?? -Infinity;
    await (now - prolongedAt < prolongMs ? added : Promise.all([added, this.#prolong(inbox, now)]));
  }

  async #addLate(inbox: string, reply: Reply): Promise<void> {
    if (this.#late >= maxLate) return this.#giveUp(inbox, reply);
    this.#late++;
    const done = await this.#tryLater(inbox, reply);
    this.#late--;
    if (!done) this.#giveUp(inbox, reply);
  }

  async #tryLater(inbox: string, reply: Reply): Promise<boolean> {
    for (let attempt = 0; attempt < maxRetries; attempt++) {
      await pause(this.#clock, backOffMs(retry, attempt));
      const done = await this.#add(inbox, reply).then(
        () => true,
        () => false,
      );
      if (done) return true;
    }
    return false;
  }

  /** Its asker gets the answer when it asks again: the store has it. */
  #giveUp(inbox: string, { id }: Reply): void {
    this.#logger.debug({ inbox, id }, 'an answer is given up');
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
