import { batchedScript } from '../redis/batched-script.ts';
import { joinWrites } from '../redis/joined-writes.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { redisScript, type RedisScript, type ScriptArgument } from '../redis/redis-script.ts';
import { ActorScripts, type ActorScriptsOptions } from './actor-scripts.ts';
import { parseAddress, type ActorAddress } from './address.ts';
import { watchWakeUps } from './wake-reader.ts';
import {
  ackScript,
  lookScript,
  readyScript,
  sendScript,
  claimScript,
  maxDeadLetters,
  wakeUpsKept,
} from './bullmq-scripts.ts';
import { noteStartScript, parkScript } from './parked-scripts.ts';
import { encodeEnvelope } from './encode-envelope.ts';
import { encodeFailure } from './encode-failure.ts';
import {
  FencedError,
  isParked,
  mailboxFull,
  ParkedError,
  type InlinedMessage,
  type Delivery,
  type Envelope,
  type Ack,
  type Mailbox,
  type ParkNote,
  type MailboxWatch,
  type ClaimRequest,
  type WakeListener,
  type ShardLease,
  type Withdrawal,
} from './mailbox.ts';
import { wakeKey, shardPrefix } from './redis-keys.ts';
import { acceptInlined, DeliveryWatermark } from './delivery-watermark.ts';
import { withdrawScript } from './withdraw-script.ts';

export interface BullMqMailboxOptions extends ActorScriptsOptions {
  /** Messages that may wait for one actor. */
  readonly mailboxLimit: number;
}

/** Actors that one sweep looks at in one shard. */
const maxReadyAtOnce = 1000;
/** A larger message waits for its owner to fetch it: wake-ups are kept until they are heard. */
const maxInlinedBytes = 4096;

const scriptsOn = (redis: RedisConnection) => ({
  send: redisScript<number>(redis, 1, sendScript),
  withdraw: redisScript<Withdrawal>(redis, 1, withdrawScript),
  claim: redisScript<string[]>(redis, 1, claimScript),
  // Not batched: a message that its asker sends again once it is answered must come behind the end of the first.
  ack: redisScript<string[]>(redis, 1, ackScript),
  look: batchedScript<number>(redis, 'looks into mailboxes', lookScript),
  // A node sweeps all its shards in one moment.
  ready: batchedScript<string[]>(redis, 'sweeps of shards', readyScript),
  park: redisScript<number>(redis, 1, parkScript),
  noteStart: redisScript<number>(redis, 1, noteStartScript),
});

/** One BullMQ queue per actor, without BullMQ's loop, over one shared connection. */
export class BullMqMailbox implements Mailbox {
  readonly #options: BullMqMailboxOptions;
  readonly #scripts: ReturnType<typeof scriptsOn>;
  readonly #on: ActorScripts;
  readonly #watermark = new DeliveryWatermark();

  constructor(options: BullMqMailboxOptions) {
    this.#options = options;
    this.#scripts = scriptsOn(options.redis);
    this.#on = new ActorScripts(options);
  }

  async send(to: ActorAddress, jobId: string, envelope: Envelope, notBefore?: number): Promise<void> {
    const { mailboxLimit, redis } = this.#options;
    joinWrites(redis);
    const data = encodeEnvelope(to, envelope);
    const added = await this.#on.run(
      this.#scripts.send,
      to,
      jobId,
      envelope.name,
      data,
      mailboxLimit,
      wakeUpsKept,
      maxInlinedBytes,
      envelope.replyTo === undefined ? '0' : '1',
      notBefore ?? '',
    );
    if (added === -1) throw mailboxFull(to, mailboxLimit);
    if (added === -2) throw isParked(to);
  }

  withdraw(to: ActorAddress, jobId: string): Promise<Withdrawal> {
    return this.#on.run(this.#scripts.withdraw, to, jobId);
  }

  async claim(from: ActorAddress, lease: ShardLease, { max, wakeAt }: ClaimRequest): Promise<Delivery[]> {
    const { claim } = this.#scripts;
    const [lastWakeId, ...taken] = await this.#runAs(lease, claim, from, max, encodeWakeAt(wakeAt));
    if (lastWakeId === undefined) throw new ParkedError(from);
    this.#watermark.claimed(from.id, lastWakeId);
    return deliveriesOf(taken);
  }

  accept(inlined: InlinedMessage, from: ActorAddress, lease: ShardLease): Delivery | undefined {
    return acceptInlined(this.#watermark, inlined, from, lease);
  }

  async ack(
    of: ActorAddress,
    lease: ShardLease,
    done: readonly Ack[],
    { max, wakeAt }: ClaimRequest,
  ): Promise<Delivery[]> {
    if (done.length === 0 && max === 0) {
      await this.#runAs(lease, this.#scripts.look, of, encodeWakeAt(wakeAt));
      return [];
    }
    const jobs: ScriptArgument[] = [];
    for (const { jobId, failedReason, ...rest } of done) {
      jobs.push(jobId, failedReason === undefined ? '' : encodeFailure(failedReason, rest));
    }
    const { ack } = this.#scripts;
    joinWrites(this.#options.redis);
    const given = [max, encodeWakeAt(wakeAt), maxDeadLetters, ...jobs];
    return deliveriesOf(await this.#runAs(lease, ack, of, ...given));
  }

  async isEmpty(of: ActorAddress, lease: ShardLease): Promise<boolean> {
    return (await this.#runAs(lease, this.#scripts.look, of)) === 0;
  }

  async park(of: ActorAddress, lease: ShardLease, why: ParkNote): Promise<void> {
    const at = this.#options.clock.now();
    const stored = JSON.stringify({ ...why, at });
    await this.#runAs(lease, this.#scripts.park, of, 'jobId' in why ? why.jobId : '', stored);
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
    const ids = await this.#on.healed(shard, () =>
      this.#scripts.ready(ready, clock.now(), maxReadyAtOnce, wakeUps),
    );
    return ids.map((id) => parseAddress(id, shard));
  }

  watch(onWake: WakeListener): MailboxWatch {
    return watchWakeUps(this.#options, onWake);
  }

  /**
   * For who holds the lease.
   * @throws FencedError
   */
  async #runAs<R>(
    lease: ShardLease,
    script: RedisScript<R>,
    of: ActorAddress,
    ...given: readonly ScriptArgument[]
  ): Promise<R> {
    try {
      return await this.#on.run(script, of, lease.token, ...given);
    } catch (error) {
      if (error instanceof Error && error.message.includes('FENCED')) throw new FencedError(of, lease);
      throw error;
    }
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
