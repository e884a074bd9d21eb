import type { Clock } from '../define/clock.ts';
import { TrolleyError } from '../define/errors.ts';
import type { Logger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { parseAddress, type ActorAddress } from './address.ts';
import { watchBells } from './bell-reader.ts';
import { finishScript, sendScript, takeScript } from './bullmq-scripts.ts';
import { encodeEnvelope } from './encode-envelope.ts';
import {
  FencedError,
  type CarriedMessage,
  type Delivery,
  type Envelope,
  type Finished,
  type Mailbox,
  type MailboxWatch,
  type Request,
  type RingListener,
  type ShardLease,
} from './mailbox.ts';
import { leaseKey, shardPrefix } from './redis-keys.ts';
import { RingLedger } from './ring-ledger.ts';

export interface BullMqMailboxOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** First part of every key; the shard's hash tag is `{<namespace>-<shard>}`. */
  readonly namespace: string;
  /** Messages that may wait for one actor. */
  readonly mailboxLimit: number;
}

/** Dead letters kept for one actor; the oldest go first. */
const maxDeadLetters = 100;
/** Actors that one sweep looks at in one shard. */
const maxLiveAtOnce = 1000;
/** Doorbell entries kept; a reader that falls behind is helped by the sweep. */
const bellLength = 1000;
/** A larger message waits for its owner to fetch it: rings are kept until they are heard. */
const maxCarriedBytes = 4096;

type ScriptArgument = string | number;
type Script<Reply> = (key: string, ...args: ScriptArgument[]) => Promise<Reply>;
interface MailboxCommands {
  trolleySend: Script<number>;
  trolleyTake: Script<string[]>;
  trolleyFinish: Script<string[]>;
}

/** One BullMQ queue per actor, without BullMQ's loop, over one shared connection. */
export class BullMqMailbox implements Mailbox {
  readonly #options: BullMqMailboxOptions;
  readonly #commands: MailboxCommands;
  readonly #ledger = new RingLedger();

  constructor(options: BullMqMailboxOptions) {
    this.#options = options;
    const { redis } = options;
    redis.defineCommand('trolleySend', { numberOfKeys: 1, lua: sendScript });
    redis.defineCommand('trolleyTake', { numberOfKeys: 1, lua: takeScript });
    redis.defineCommand('trolleyFinish', { numberOfKeys: 1, lua: finishScript });
    this.#commands = redis as unknown as MailboxCommands;
  }

  async send(to: ActorAddress, jobId: string, envelope: Envelope): Promise<void> {
    const { mailboxLimit } = this.#options;
    const data = encodeEnvelope(to, envelope);
    const added = await this.#commands.trolleySend(
      ...this.#head(to),
      jobId,
      envelope.name,
      data,
      mailboxLimit,
      bellLength,
      maxCarriedBytes,
    );
    if (added === -1) {
      throw new TrolleyError('mailbox_full', `${to.type} ${to.key} has ${mailboxLimit} messages waiting`);
    }
  }

  async take(from: ActorAddress, lease: ShardLease, { max, busy }: Request): Promise<Delivery[]> {
    const [key, ...head] = this.#head(from);
    const [lastRing, ...taken] = await this.#unlessFenced(
      from,
      lease,
      this.#commands.trolleyTake(key, ...head, lease.token, max, busy ? '1' : '0'),
    );
    this.#ledger.taken(from.id, lastRing ?? '0-0');
    return deliveriesOf(taken);
  }

  accept(
    { token, ring, jobId, data }: CarriedMessage,
    from: ActorAddress,
    lease: ShardLease,
  ): Delivery | undefined {
    if (token !== lease.token || !this.#ledger.accept(from.id, ring)) return undefined;
    return { jobId, envelope: JSON.parse(data) as Envelope };
  }

  async finish(
    of: ActorAddress,
    lease: ShardLease,
    done: readonly Finished[],
    { max, busy }: Request,
  ): Promise<Delivery[]> {
    const [key, ...head] = this.#head(of);
    const jobs: string[] = [];
    for (const { jobId, failedReason = '' } of done) jobs.push(jobId, failedReason);
    const taken = await this.#unlessFenced(
      of,
      lease,
      this.#commands.trolleyFinish(key, ...head, lease.token, max, busy ? '1' : '0', maxDeadLetters, ...jobs),
    );
    return deliveriesOf(taken);
  }

  async live(shard: number): Promise<ActorAddress[]> {
    const { redis, namespace } = this.#options;
    const ids = await redis.zrange(`${shardPrefix(namespace, shard)}:live`, 0, String(maxLiveAtOnce - 1));
    return ids.map((id) => parseAddress(id, shard));
  }

  watch(onRing: RingListener): MailboxWatch {
    return watchBells(this.#options, onRing);
  }

  #head(address: ActorAddress): [key: string, ...args: ScriptArgument[]] {
    const { namespace, clock } = this.#options;
    const prefix = shardPrefix(namespace, address.shard);
    return [leaseKey(namespace, address.shard), prefix, address.id, clock.now()];
  }

  async #unlessFenced<T>(address: ActorAddress, lease: ShardLease, reply: Promise<T>): Promise<T> {
    try {
      return await reply;
    } catch (error) {
      if (error instanceof Error && error.message.includes('FENCED')) throw new FencedError(address, lease);
      throw error;
    }
  }
}

/** From `jobId, data, …`. */
function deliveriesOf(fields: readonly string[]): Delivery[] {
  const deliveries: Delivery[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    deliveries.push({ jobId: String(fields[i]), envelope: JSON.parse(String(fields[i + 1])) as Envelope });
  }
  return deliveries;
}
