import type { Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { ForeignKeys } from '../redis/foreign-keys.ts';
import { redisScript, type RedisScript, type ScriptArgument } from '../redis/redis-script.ts';
import { parseAddress, type ActorAddress } from './address.ts';
import { watchWakeUps } from './wake-reader.ts';
import { ackScript, readyScript, sendScript, claimScript } from './bullmq-scripts.ts';
import { noteStartScript, parkScript, releaseScript } from './parked-scripts.ts';
import { encodeEnvelope } from './encode-envelope.ts';
import {
  FencedError,
  isParked,
  mailboxFull,
  type InlinedMessage,
  type Delivery,
  type Envelope,
  type Ack,
  type Mailbox,
  type MailboxWatch,
  type ParkedActor,
  type ParkedMessage,
  type Request,
  type WakeListener,
  type ShardLease,
  type Withdrawal,
} from './mailbox.ts';
import { wakeKey, leaseKey, queueKeyTypes, shardKeyTypes, shardPrefix } from './redis-keys.ts';
import { DeliveryWatermark } from './delivery-watermark.ts';
import { withdrawScript } from './withdraw-script.ts';

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
const maxReadyAtOnce = 1000;
/** Wake-up entries kept; a reader that falls behind is helped by the sweep. */
const wakeUpsKept = 1000;
/** A larger message waits for its owner to fetch it: wake-ups are kept until they are heard. */
const maxCarriedBytes = 4096;

const scriptsOn = (redis: RedisConnection) => ({
  send: redisScript<number>(redis, 1, sendScript),
  withdraw: redisScript<Withdrawal>(redis, 1, withdrawScript),
  claim: redisScript<string[]>(redis, 1, claimScript),
  ack: redisScript<string[]>(redis, 1, ackScript),
  ready: redisScript<string[]>(redis, 2, readyScript),
  park: redisScript<number>(redis, 1, parkScript),
  release: redisScript<number>(redis, 1, releaseScript),
  noteStart: redisScript<number>(redis, 1, noteStartScript),
});

/** One BullMQ queue per actor, without BullMQ's loop, over one shared connection. */
export class BullMqMailbox implements Mailbox {
  readonly #options: BullMqMailboxOptions;
  readonly #scripts: ReturnType<typeof scriptsOn>;
  readonly #foreign: ForeignKeys;
  readonly #watermark = new DeliveryWatermark();

  constructor(options: BullMqMailboxOptions) {
    this.#options = options;
    this.#scripts = scriptsOn(options.redis);
    this.#foreign = new ForeignKeys(options);
  }

  async send(to: ActorAddress, jobId: string, envelope: Envelope, notBefore?: number): Promise<void> {
    const { mailboxLimit } = this.#options;
    const data = encodeEnvelope(to, envelope);
    const added = await this.#run(
      this.#scripts.send,
      to,
      jobId,
      envelope.name,
      data,
      mailboxLimit,
      wakeUpsKept,
      maxCarriedBytes,
      envelope.replyTo === undefined ? '0' : '1',
      notBefore ?? '',
    );
    if (added === -1) throw mailboxFull(to, mailboxLimit);
    if (added === -2) throw isParked(to);
  }

  withdraw(to: ActorAddress, jobId: string): Promise<Withdrawal> {
    return this.#run(this.#scripts.withdraw, to, jobId);
  }

  async claim(from: ActorAddress, lease: ShardLease, { max, wakeAt }: Request): Promise<Delivery[]> {
    const { claim } = this.#scripts;
    const [lastWakeId, ...taken] = await this.#runAs(lease, claim, from, max, encodeWakeAt(wakeAt));
    this.#watermark.claimed(from.id, lastWakeId ?? '0-0');
    return deliveriesOf(taken);
  }

  accept(
    { token, wakeId, jobId, data }: InlinedMessage,
    from: ActorAddress,
    lease: ShardLease,
  ): Delivery | undefined {
    if (token !== lease.token || !this.#watermark.accept(from.id, wakeId)) return undefined;
    return { jobId, envelope: JSON.parse(data) as Envelope, starts: 1 };
  }

  async ack(
    of: ActorAddress,
    lease: ShardLease,
    done: readonly Ack[],
    { max, wakeAt }: Request,
  ): Promise<Delivery[]> {
    const jobs: string[] = [];
    for (const { jobId, failedReason = '' } of done) jobs.push(jobId, failedReason);
    const { ack } = this.#scripts;
    const given = [max, encodeWakeAt(wakeAt), maxDeadLetters, ...jobs];
    return deliveriesOf(await this.#runAs(lease, ack, of, ...given));
  }

  async park(of: ActorAddress, lease: ShardLease, why: ParkedMessage): Promise<void> {
    const at = this.#options.clock.now();
    const stored = JSON.stringify({ ...why, at });
    await this.#runAs(lease, this.#scripts.park, of, why.jobId, stored);
  }

  async parked(shard: number, limit: number): Promise<ParkedActor[]> {
    const { redis } = this.#options;
    const found: ParkedActor[] = [];
    let cursor = '0';
    do {
      const [next, fields] = await this.#healed(shard, () =>
        redis.hscan(this.#parkedKey(shard), cursor, 'COUNT', limit),
      );
      for (let i = 0; i + 1 < fields.length && found.length < limit; i += 2) {
        found.push(parkedActor(parseAddress(String(fields[i]), shard), String(fields[i + 1])));
      }
      cursor = next;
    } while (cursor !== '0' && found.length < limit);
    return found;
  }

  async release(parked: ActorAddress, firstMessage: 'retry' | 'give-up'): Promise<boolean> {
    const { redis } = this.#options;
    const why = await this.#healed(parked.shard, () => redis.hget(this.#parkedKey(parked.shard), parked.id));
    if (why === null) return false;
    const { jobId, reason } = parkedActor(parked, why);
    const given = firstMessage === 'give-up' ? [jobId, reason] : ['', ''];
    return (await this.#run(this.#scripts.release, parked, wakeUpsKept, maxDeadLetters, ...given)) === 1;
  }

  noteStart(of: ActorAddress, lease: ShardLease, jobId: string): Promise<number> {
    return this.#runAs(lease, this.#scripts.noteStart, of, jobId);
  }

  async noteReturn(of: ActorAddress, jobId: string): Promise<void> {
    const { redis, namespace } = this.#options;
    await redis.hdel(`${shardPrefix(namespace, of.shard)}:${of.id}:${jobId}`, 'begun');
  }

  async ready(shard: number): Promise<ActorAddress[]> {
    const { namespace, clock } = this.#options;
    const ready = `${shardPrefix(namespace, shard)}:live`;
    const wakeUps = wakeKey(namespace, shard);
    const ids = await this.#healed(shard, () =>
      this.#scripts.ready(ready, wakeUps, clock.now(), maxReadyAtOnce),
    );
    return ids.map((id) => parseAddress(id, shard));
  }

  watch(onWake: WakeListener): MailboxWatch {
    return watchWakeUps(this.#options, onWake);
  }

  #parkedKey(shard: number): string {
    return `${shardPrefix(this.#options.namespace, shard)}:parked`;
  }

  /** A script on one actor's keys. */
  #run<R>(script: RedisScript<R>, of: ActorAddress, ...given: readonly ScriptArgument[]): Promise<R> {
    const { namespace, clock } = this.#options;
    const prefix = shardPrefix(namespace, of.shard);
    const own = leaseKey(namespace, of.shard);
    return this.#healed(of.shard, () => script(own, prefix, of.id, clock.now(), ...given), of.id);
  }

  /**
   * The same, for who holds the lease.
   * @throws FencedError
   */
  async #runAs<R>(
    lease: ShardLease,
    script: RedisScript<R>,
    of: ActorAddress,
    ...given: readonly ScriptArgument[]
  ): Promise<R> {
    try {
      return await this.#run(script, of, lease.token, ...given);
    } catch (error) {
      if (error instanceof Error && error.message.includes('FENCED')) throw new FencedError(of, lease);
      throw error;
    }
  }

  #healed<T>(shard: number, work: () => Promise<T>, actorId?: string): Promise<T> {
    const { namespace } = this.#options;
    const ofActor = () =>
      actorId === undefined ? {} : queueKeyTypes(shardPrefix(namespace, shard), actorId);
    return this.#foreign.healed(() => ({ ...shardKeyTypes(namespace, shard), ...ofActor() }), work);
  }
}

const encodeWakeAt = (wakeAt: number) => (wakeAt === Infinity ? '' : wakeAt);

/** From `jobId, data, starts, …`. */
function deliveriesOf(fields: readonly string[]): Delivery[] {
  const deliveries: Delivery[] = [];
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const envelope = JSON.parse(String(fields[i + 1])) as Envelope;
    deliveries.push({ jobId: String(fields[i]), envelope, starts: Number(fields[i + 2]) });
  }
  return deliveries;
}

function parkedActor(address: ActorAddress, why: string): ParkedActor {
  return { address, ...(JSON.parse(why) as Omit<ParkedActor, 'address'>) };
}
