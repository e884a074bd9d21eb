import type { RedisConnection } from '../redis/redis-connection.ts';
import { redisScript } from '../redis/redis-script.ts';
import { ActorScripts, type ActorScriptsOptions } from './actor-scripts.ts';
import { parseAddress, type ActorAddress } from './address.ts';
import { parkedEntry } from './bullmq-mailbox-admin.ts';
import {
  findMailboxesScript,
  mailboxContentsScript,
  readMessageScript,
  readMessagesScript,
} from './inspection-scripts.ts';
import type { ListPosition } from './mailbox-admin.ts';
import type {
  FoundMailbox,
  FoundMailboxes,
  MailboxContents,
  MailboxSearch,
  MailboxView,
  MessageState,
  StoredMessage,
} from './mailbox-view.ts';
import { leaseKey, shardPrefix } from './redis-keys.ts';

type MessageFields = readonly (string | number)[];

const scriptsOn = (redis: RedisConnection) => ({
  find: redisScript<[number, ...string[]]>(redis, 1, findMailboxesScript),
  contents: redisScript<[number, number, number, number, string, string]>(redis, 1, mailboxContentsScript),
  messages: redisScript<MessageFields[]>(redis, 1, readMessagesScript),
  message: redisScript<MessageFields[]>(redis, 1, readMessageScript),
});

/** What operators see of the mailboxes of `BullMqMailbox`: a command for each shard or mailbox that is looked at. */
export class BullMqMailboxView implements MailboxView {
  readonly #options: ActorScriptsOptions;
  readonly #on: ActorScripts;
  readonly #scripts: ReturnType<typeof scriptsOn>;

  constructor(options: ActorScriptsOptions) {
    this.#options = options;
    this.#on = new ActorScripts(options);
    this.#scripts = scriptsOn(options.redis);
  }

  ready(shard: number): Promise<number> {
    const { redis, namespace, clock } = this.#options;
    const live = `${shardPrefix(namespace, shard)}:live`;
    return this.#on.healed(shard, () => redis.zcount(live, '-inf', clock.now()));
  }

  async find(
    shard: number,
    { idPrefix, state, order, maxLookedAt }: MailboxSearch,
    after: ListPosition | undefined,
    limit: number,
  ): Promise<FoundMailboxes> {
    const { namespace, clock } = this.#options;
    const search = [idPrefix, state ?? '', order, limit, maxLookedAt, after?.at ?? '', after?.name ?? ''];
    const [isPartial, ...ids] = await this.#on.healed(shard, () =>
      this.#scripts.find(leaseKey(namespace, shard), shardPrefix(namespace, shard), clock.now(), ...search),
    );
    const found: FoundMailbox[] = [];
    for (let i = 0; i + 2 < ids.length; i += 3) {
      found.push({
        address: parseAddress(ids[i] ?? '', shard),
        at: Number(ids[i + 1]),
        name: ids[i + 2] ?? '',
      });
    }
    return { found, isPartial: isPartial === 1 };
  }

  async contents(of: ActorAddress): Promise<MailboxContents> {
    const [waiting, active, delayed, failed, oldestAt, why] = await this.#on.run(this.#scripts.contents, of);
    return {
      ...{ waiting, active, delayed, failed },
      oldestAt: oldestAt === '' ? undefined : Number(oldestAt),
      parked: why === '' ? undefined : parkedEntry(of, why),
    };
  }

  async messages(
    of: ActorAddress,
    state: MessageState,
    limit: number,
    maxBytes: number,
  ): Promise<StoredMessage[]> {
    const rows = await this.#on.run(this.#scripts.messages, of, state, limit, maxBytes);
    return rows.map(messageOf);
  }

  async message(of: ActorAddress, jobId: string): Promise<StoredMessage | undefined> {
    const [row] = await this.#on.run(this.#scripts.message, of, jobId);
    return row && messageOf(row);
  }
}

function messageOf(fields: MessageFields): StoredMessage {
  const [jobId = '', state, at = '', bytes, data = '', message = '', sentAt, starts, reason, attempts] =
    fields.map(String);
  const hasFailed = state === 'failed';
  return {
    ...{ jobId, state: state as MessageState, message, data },
    ...{ bytes: Number(bytes), sentAt: Number(sentAt), starts: Number(starts) },
    ...(at === '' ? {} : { at: Number(at) }),
    ...(hasFailed ? { reason: reason ?? '', attempts: Number(attempts) } : {}),
  };
}
