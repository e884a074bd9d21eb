import type { RedisConnection } from '../redis/redis-connection.ts';
import { redisScript } from '../redis/redis-script.ts';
import { ActorScripts, type ActorScriptsOptions } from './actor-scripts.ts';
import { parseAddress, type ActorAddress } from './address.ts';
import { loadScript, maxDeadLetters, wakeUpsKept } from './bullmq-scripts.ts';
import { discardScript, readDeadLetterScript, replayScript } from './dead-letter-scripts.ts';
import type { Excerpt } from '../observe/excerpt.ts';
import { encodeFailure } from './encode-failure.ts';
import { mailboxFull, type Envelope, type ParkNote } from './mailbox.ts';
import {
  byAge,
  deadLetterName,
  isBehind,
  withoutAsker,
  type DeadLetterEntry,
  type DeadMessage,
  type MailboxAdmin,
  type MailboxLoad,
  type ParkedEntry,
  type ListPosition,
  type StoredDeadLetter,
} from './mailbox-admin.ts';
import { releaseScript } from './parked-scripts.ts';
import { deadKey, parkedKey, shardPrefix } from './redis-keys.ts';

export interface BullMqMailboxAdminOptions extends ActorScriptsOptions {
  /** Messages that may wait for one actor. */
  readonly mailboxLimit: number;
}

const parkedAtOnce = 500;

const scriptsOn = (redis: RedisConnection) => ({
  release: redisScript<number>(redis, 1, releaseScript),
  read: redisScript<string[] | null>(redis, 1, readDeadLetterScript),
  replay: redisScript<number>(redis, 1, replayScript),
  load: redisScript<number[]>(redis, 1, loadScript),
  discard: redisScript<number>(redis, 1, discardScript),
});

/** What operators do with the mailboxes of `BullMqMailbox`. */
export class BullMqMailboxAdmin implements MailboxAdmin {
  readonly #options: BullMqMailboxAdminOptions;
  readonly #on: ActorScripts;
  readonly #scripts: ReturnType<typeof scriptsOn>;

  constructor(options: BullMqMailboxAdminOptions) {
    this.#options = options;
    this.#on = new ActorScripts(options);
    this.#scripts = scriptsOn(options.redis);
  }

  async load(shard: number, limit: number): Promise<MailboxLoad> {
    const { namespace, clock } = this.#options;
    const prefix = shardPrefix(namespace, shard);
    const [actors = 0, messages = 0, deepest = 0, parked = 0] = await this.#on.healed(shard, () =>
      this.#scripts.load(`${prefix}:live`, prefix, clock.now(), limit),
    );
    return { actors, messages, deepest, parked };
  }

  /** Each page looks at all that are parked in the shard: they are few, since somebody has to deal with each. */
  async parked(shard: number, after: ListPosition | undefined, limit: number): Promise<ParkedEntry[]> {
    const { redis, namespace } = this.#options;
    // A walk may meet one twice.
    const found = new Map<string, ParkedEntry & ListPosition>();
    let cursor = '0';
    do {
      const [next, fields] = await this.#on.healed(shard, () =>
        redis.hscan(parkedKey(namespace, shard), cursor, 'COUNT', parkedAtOnce),
      );
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const [id = '', why = ''] = fields.slice(i, i + 2);
        found.set(id, { ...parkedEntry(parseAddress(id, shard), why), name: id });
      }
      cursor = next;
    } while (cursor !== '0');
    return [...found.values()]
      .filter((entry) => isBehind(entry, after))
      .sort(byAge)
      .slice(0, limit);
  }

  async whyParked(actor: ActorAddress): Promise<ParkedEntry | undefined> {
    const { redis, namespace } = this.#options;
    const why = await this.#on.healed(actor.shard, () =>
      redis.hget(parkedKey(namespace, actor.shard), actor.id),
    );
    return why === null ? undefined : parkedEntry(actor, why);
  }

  async release(parked: ActorAddress, firstMessage: 'retry' | 'give-up'): Promise<boolean> {
    const entry = await this.whyParked(parked);
    if (entry === undefined) return false;
    const isGivenUp = firstMessage === 'give-up' && 'jobId' in entry;
    const given = isGivenUp ? [entry.jobId, encodeFailure(entry.reason, entry)] : ['', ''];
    const released = await this.#on.run(this.#scripts.release, parked, wakeUpsKept, maxDeadLetters, ...given);
    return released === 1;
  }

  async deadLetters(
    of: number | ActorAddress,
    after: ListPosition | undefined,
    limit: number,
  ): Promise<DeadLetterEntry[]> {
    const { namespace } = this.#options;
    if (typeof of !== 'number') {
      const failed = `${shardPrefix(namespace, of.shard)}:${of.id}:failed`;
      const nameOf = (jobId: string) => deadLetterName(of, jobId);
      const found = await this.#behind(of.shard, failed, after, limit, nameOf);
      return found.map(({ member, at }) => ({ address: of, jobId: member, at }));
    }
    const found = await this.#behind(of, deadKey(namespace, of), after, limit, (name) => name);
    return found.map(({ member, at }) => {
      // An actor's id has no ':'.
      const end = member.indexOf(':');
      return { address: parseAddress(member.slice(0, end), of), jobId: member.slice(end + 1), at };
    });
  }

  async deadLetter(of: ActorAddress, jobId: string): Promise<StoredDeadLetter | undefined> {
    const fields = ['name', 'failedReason', 'atm', 'timestamp'];
    const found = await this.#on.run(this.#scripts.read, of, jobId, ...fields);
    if (found === null) return undefined;
    const [message = '', reason = '', attempts, sentAt, at] = found;
    const times = { at: Number(at), sentAt: Number(sentAt) };
    return { jobId, message, reason, attempts: Number(attempts), ...times };
  }

  async openDeadLetter(of: ActorAddress, jobId: string): Promise<DeadMessage | undefined> {
    const fields = ['data', 'stacktrace', 'state'];
    const [data, causes, state] = (await this.#on.run(this.#scripts.read, of, jobId, ...fields)) ?? [];
    if (data === undefined) return undefined;
    return {
      envelope: JSON.parse(data) as Envelope,
      ...(causes !== undefined && causes !== '' && { causes: JSON.parse(causes) as string[] }),
      ...(state !== undefined && state !== '' && { state: JSON.parse(state) as Excerpt }),
    };
  }

  async replay(of: ActorAddress, jobId: string): Promise<boolean> {
    const { mailboxLimit } = this.#options;
    const message = await this.openDeadLetter(of, jobId);
    if (message === undefined) return false;
    const data = JSON.stringify(withoutAsker(message.envelope));
    const sent = await this.#on.run(this.#scripts.replay, of, jobId, data, mailboxLimit, wakeUpsKept);
    if (sent === -1) throw mailboxFull(of, mailboxLimit);
    return sent === 1;
  }

  async discard(of: ActorAddress, jobId: string): Promise<boolean> {
    return (await this.#on.run(this.#scripts.discard, of, jobId)) === 1;
  }

  /** The first members of a sorted set behind a position, which is about their names. */
  async #behind(
    shard: number,
    key: string,
    after: ListPosition | undefined,
    limit: number,
    nameOf: (member: string) => string,
  ): Promise<{ member: string; at: number }[]> {
    const { redis } = this.#options;
    const [sameTime, later] = await this.#on.healed(shard, () =>
      Promise.all([
        after === undefined ? [] : redis.zrangebyscore(key, after.at, after.at),
        redis.zrangebyscore(
          key,
          after === undefined ? '-inf' : `(${after.at}`,
          '+inf',
          'WITHSCORES',
          'LIMIT',
          0,
          limit,
        ),
      ]),
    );
    const found = sameTime
      .map((member) => ({ member, at: after?.at ?? 0 }))
      .filter(({ member, at }) => isBehind({ at, name: nameOf(member) }, after));
    for (let i = 0; i + 1 < later.length; i += 2)
      found.push({ member: String(later[i]), at: Number(later[i + 1]) });
    return found.slice(0, limit);
  }
}

export function parkedEntry(address: ActorAddress, why: string): ParkedEntry {
  // An older release kept no attempts.
  const stored = JSON.parse(why) as ParkNote & Pick<ParkedEntry, 'at'>;
  return { ...stored, attempts: (stored as Partial<ParkNote>).attempts ?? 0, address };
}
