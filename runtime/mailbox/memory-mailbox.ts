import type { Clock } from '../define/clock.ts';
import { parseAddress, type ActorAddress } from './address.ts';
import { encodeEnvelope } from './encode-envelope.ts';
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
import { acceptInlined, DeliveryWatermark } from './delivery-watermark.ts';
import { MemoryMailboxAdmin } from './memory-mailbox-admin.ts';
import { MemoryMailboxView } from './memory-mailbox-view.ts';
import type { Job, MemoryQueue } from './memory-queue.ts';
import type { MailboxAdmin } from './mailbox-admin.ts';
import type { MailboxView } from './mailbox-view.ts';

/** Mailboxes in this process's memory, with the rules of the real ones; for tests of actors. */
export class MemoryMailbox implements Mailbox {
  readonly admin: MailboxAdmin;
  readonly view: MailboxView;
  readonly #queues = new Map<string, MemoryQueue>();
  /** Actors of a shard by when they have something to do. */
  readonly #live = new Map<number, Map<string, number>>();
  readonly #owners = new Map<number, string>();
  readonly #watches = new Set<{ shards: Set<number>; onWake: WakeListener }>();
  readonly #watermark = new DeliveryWatermark();
  #wakeUps = 0;
  /** Shard → the latest that the clock said when it rang. */
  readonly #wokenAt = new Map<number, number>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #limit: number;

  constructor(clock: Pick<Clock, 'now'>, limit = 1000) {
    this.#clock = clock;
    this.#limit = limit;
    this.admin = new MemoryMailboxAdmin({
      queues: this.#queues,
      limit,
      now: () => clock.now(),
      wake: (actor) => {
        this.#listAt(actor, clock.now());
        this.#wake(actor, undefined);
      },
      tidy: (actor) => this.#removeIfIdle(actor),
    });
    this.view = new MemoryMailboxView({
      queues: this.#queues,
      clock,
      ready: (shard) => this.#due(shard).length,
    });
  }

  /** Gives a shard to a holder; whoever had it is fenced from now on. */
  grant(lease: ShardLease): void {
    this.#owners.set(lease.shard, lease.token);
  }

  /** Nobody holds the shard: its lease has run out. */
  revoke(shard: number): void {
    this.#owners.delete(shard);
  }

  async send(to: ActorAddress, jobId: string, envelope: Envelope, notBefore?: number): Promise<void> {
    const data = encodeEnvelope(to, envelope);
    const queue = this.#queue(to);
    if (queue.parked !== undefined && envelope.replyTo !== undefined) throw isParked(to);
    const known = [...queue.wait, ...queue.active, ...queue.delayed].find((job) => job.jobId === jobId);
    if (known !== undefined) {
      known.data = data;
      return;
    }
    const waiting = queue.wait.length + (notBefore === undefined ? 0 : queue.delayed.length);
    if (waiting >= this.#limit) throw mailboxFull(to, this.#limit);
    queue.failed = queue.failed.filter((job) => job.jobId !== jobId);
    const job: Job = { jobId, data, starts: 0, begun: 0, sentAt: this.#clock.now() };
    if (notBefore !== undefined) {
      queue.delayed.push({ ...job, at: notBefore });
      queue.delayed.sort((one, other) => one.at - other.at);
      this.#listAt(to, notBefore);
      return;
    }
    this.#listAt(to, this.#clock.now());
    const idle = queue.wait.length === 0 && queue.active.length === 0 && queue.parked === undefined;
    const token = this.#owners.get(to.shard);
    if (idle && token !== undefined) queue.active.push({ ...job, starts: 1 });
    else queue.wait.push(job);
    if (idle) this.#wake(to, token === undefined ? undefined : { token, jobId, data });
  }

  async withdraw(to: ActorAddress, jobId: string): Promise<Withdrawal> {
    if (this.#owners.has(to.shard)) return 'held';
    const queue = this.#queues.get(to.id);
    for (const list of [queue?.wait ?? [], queue?.active ?? []]) {
      const at = list.findIndex((job) => job.jobId === jobId);
      const [job] = at < 0 ? [] : list.splice(at, 1);
      if (job !== undefined) return job.starts === 0 ? 'untouched' : 'taken';
    }
    return 'gone';
  }

  #wake(to: ActorAddress, inlined: Omit<InlinedMessage, 'wakeId'> | undefined): void {
    const wakeId = `${++this.#wakeUps}-0`;
    this.#wokenAt.set(to.shard, Math.max(this.#clock.now(), this.#wokenAt.get(to.shard) ?? 0));
    for (const watch of this.#watches) {
      if (watch.shards.has(to.shard)) watch.onWake(to, inlined && { ...inlined, wakeId });
    }
  }

  // async, so that a fence is a rejection here as it is there.

  async claim(from: ActorAddress, lease: ShardLease, request: ClaimRequest): Promise<Delivery[]> {
    this.#check(from, lease);
    const queue = this.#queue(from);
    queue.wait.unshift(...queue.active.splice(0));
    if (queue.parked !== undefined) {
      this.#liveOf(from.shard).delete(from.id);
      throw new ParkedError(from);
    }
    this.#promoteDue(queue);
    this.#watermark.claimed(from.id, `${this.#wakeUps}-0`);
    return this.#next(from, queue, request);
  }

  accept(inlined: InlinedMessage, from: ActorAddress, lease: ShardLease): Delivery | undefined {
    return acceptInlined(this.#watermark, inlined, from, lease);
  }

  async ack(
    of: ActorAddress,
    lease: ShardLease,
    done: readonly Ack[],
    request: ClaimRequest,
  ): Promise<Delivery[]> {
    this.#check(of, lease);
    const queue = this.#queue(of);
    for (const { jobId, failedReason, attempts = 0, ...postMortem } of done) {
      const at = queue.active.findIndex((job) => job.jobId === jobId);
      const [job] = at < 0 ? [] : queue.active.splice(at, 1);
      if (job !== undefined && failedReason !== undefined)
        queue.failed.push({ ...job, ...postMortem, reason: failedReason, attempts, at: this.#clock.now() });
    }
    this.#promoteDue(queue);
    // What is in hand and did not come from here is on its way in a wake-up, and goes first.
    return queue.active.length > 0 ? [] : this.#next(of, queue, request);
  }

  async isEmpty(of: ActorAddress, lease: ShardLease): Promise<boolean> {
    this.#check(of, lease);
    const { wait = [], active = [], delayed = [], parked } = this.#queues.get(of.id) ?? {};
    return parked === undefined && wait.length + active.length + delayed.length === 0;
  }

  async park(of: ActorAddress, lease: ShardLease, why: ParkNote): Promise<void> {
    this.#check(of, lease);
    const queue = this.#queue(of);
    queue.wait.unshift(...queue.active.splice(0));
    if ('jobId' in why && !queue.wait.some(({ jobId }) => jobId === why.jobId)) return;
    queue.parked = { address: of, ...why, at: this.#clock.now() };
    this.#liveOf(of.shard).delete(of.id);
  }

  async noteStart(of: ActorAddress, lease: ShardLease, jobId: string): Promise<number> {
    this.#check(of, lease);
    const job = this.#queues.get(of.id)?.active.find((one) => one.jobId === jobId);
    return job === undefined ? 1 : ++job.begun;
  }

  async noteReturn(of: ActorAddress, jobId: string): Promise<void> {
    const queue = this.#queues.get(of.id);
    const job = [...(queue?.active ?? []), ...(queue?.wait ?? [])].find((one) => one.jobId === jobId);
    if (job !== undefined) job.begun = 0;
  }

  ready(shard: number): Promise<ActorAddress[]> {
    return Promise.resolve(this.#due(shard).map((id) => parseAddress(id, shard)));
  }

  #due(shard: number): string[] {
    const now = Math.max(this.#clock.now(), this.#wokenAt.get(shard) ?? 0);
    return [...this.#liveOf(shard)].filter(([, at]) => at <= now).map(([id]) => id);
  }

  watch(onWake: WakeListener): MailboxWatch {
    const watch = { shards: new Set<number>(), onWake };
    this.#watches.add(watch);
    return {
      add: (shard) => watch.shards.add(shard),
      remove: (shard) => watch.shards.delete(shard),
      close: () => {
        this.#watches.delete(watch);
        return Promise.resolve();
      },
    };
  }

  /** Actors that hold anything: empty when all is done. */
  residents(): string[] {
    return [...this.#queues.keys()];
  }

  #next(address: ActorAddress, queue: MemoryQueue, { max, wakeAt }: ClaimRequest): Delivery[] {
    if (queue.parked !== undefined) return [];
    const taken = queue.wait.splice(0, max);
    for (const job of taken) job.starts++;
    queue.active.push(...taken);
    if (queue.wait.length === 0 && queue.active.length === 0) {
      const due = Math.min(wakeAt, queue.delayed[0]?.at ?? Infinity);
      this.#liveOf(address.shard).delete(address.id);
      if (due < Infinity) this.#listAt(address, due);
      this.#removeIfIdle(address);
    }
    return taken.map(({ jobId, data, starts }) => {
      return { jobId, envelope: JSON.parse(data) as Envelope, starts };
    });
  }

  #removeIfIdle({ id }: ActorAddress): void {
    const queue = this.#queues.get(id);
    if (queue === undefined || queue.parked !== undefined) return;
    const { wait, active, delayed, failed } = queue;
    if ([wait, active, delayed, failed].every((jobs) => jobs.length === 0)) this.#queues.delete(id);
  }

  #promoteDue(queue: MemoryQueue): void {
    const now = this.#clock.now();
    const later = queue.delayed.findIndex(({ at }) => at > now);
    queue.wait.push(...queue.delayed.splice(0, later < 0 ? queue.delayed.length : later));
  }

  /** Lists an actor as live from a time on, unless it is already from an earlier one. */
  #listAt({ shard, id }: ActorAddress, at: number): void {
    const live = this.#liveOf(shard);
    live.set(id, Math.min(at, live.get(id) ?? Infinity));
  }

  #check(address: ActorAddress, lease: ShardLease): void {
    if (this.#owners.get(lease.shard) !== lease.token) throw new FencedError(address, lease);
  }

  #queue(address: ActorAddress): MemoryQueue {
    let queue = this.#queues.get(address.id);
    if (queue === undefined) {
      queue = { address, wait: [], active: [], delayed: [], failed: [], parked: undefined };
      this.#queues.set(address.id, queue);
    }
    return queue;
  }

  #liveOf(shard: number): Map<string, number> {
    let live = this.#live.get(shard);
    if (live === undefined) {
      live = new Map();
      this.#live.set(shard, live);
    }
    return live;
  }
}
