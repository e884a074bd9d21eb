import { TrolleyError } from '../define/errors.ts';
import { parseAddress, type ActorAddress } from './address.ts';
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
import { RingLedger } from './ring-ledger.ts';

interface Queue {
  wait: { jobId: string; data: string }[];
  active: { jobId: string; data: string }[];
  failed: { jobId: string; data: string; reason: string }[];
}

/** Mailboxes in this process's memory, with the rules of the real ones; for tests of actors. */
export class MemoryMailbox implements Mailbox {
  readonly #queues = new Map<string, Queue>();
  readonly #live = new Map<number, Set<string>>();
  readonly #owners = new Map<number, string>();
  readonly #watches = new Set<{ shards: Set<number>; onRing: RingListener }>();
  readonly #ledger = new RingLedger();
  #rings = 0;
  readonly #limit: number;

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  /** Gives a shard to a holder; whoever had it is fenced from now on. */
  grant(lease: ShardLease): void {
    this.#owners.set(lease.shard, lease.token);
  }

  /** Nobody holds the shard: its lease has run out. */
  revoke(shard: number): void {
    this.#owners.delete(shard);
  }

  async send(to: ActorAddress, jobId: string, envelope: Envelope): Promise<void> {
    const data = encodeEnvelope(to, envelope);
    const queue = this.#queue(to);
    const known = [...queue.wait, ...queue.active].find((job) => job.jobId === jobId);
    if (known !== undefined) {
      known.data = data;
      return;
    }
    if (queue.wait.length >= this.#limit) {
      throw new TrolleyError('mailbox_full', `${to.type} ${to.key} has ${this.#limit} messages waiting`);
    }
    queue.failed = queue.failed.filter((job) => job.jobId !== jobId);
    const token = this.#owners.get(to.shard);
    const idle = queue.wait.length === 0 && queue.active.length === 0;
    this.#liveOf(to.shard).add(to.id);
    queue[idle && token !== undefined ? 'active' : 'wait'].push({ jobId, data });
    if (idle) this.#ring(to, token === undefined ? undefined : { token, jobId, data });
  }

  #ring(to: ActorAddress, carried: Omit<CarriedMessage, 'ring'> | undefined): void {
    const ring = `${++this.#rings}-0`;
    for (const watch of this.#watches) {
      if (watch.shards.has(to.shard)) watch.onRing(to, carried && { ...carried, ring });
    }
  }

  // async, so that a fence is a rejection here as it is there.

  async take(from: ActorAddress, lease: ShardLease, request: Request): Promise<Delivery[]> {
    this.#check(from, lease);
    const queue = this.#queue(from);
    queue.wait.unshift(...queue.active.splice(0));
    this.#ledger.taken(from.id, `${this.#rings}-0`);
    return this.#next(from, queue, request);
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
    request: Request,
  ): Promise<Delivery[]> {
    this.#check(of, lease);
    const queue = this.#queue(of);
    for (const { jobId, failedReason } of done) {
      const at = queue.active.findIndex((job) => job.jobId === jobId);
      const [job] = at < 0 ? [] : queue.active.splice(at, 1);
      if (job !== undefined && failedReason !== undefined)
        queue.failed.push({ ...job, reason: failedReason });
    }
    // What is in hand and did not come from here is on its way in a ring, and goes first.
    return queue.active.length > 0 ? [] : this.#next(of, queue, request);
  }

  live(shard: number): Promise<ActorAddress[]> {
    return Promise.resolve([...this.#liveOf(shard)].map((id) => parseAddress(id, shard)));
  }

  watch(onRing: RingListener): MailboxWatch {
    const watch = { shards: new Set<number>(), onRing };
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

  deadLetters(of: ActorAddress): { jobId: string; reason: string }[] {
    return (this.#queues.get(of.id)?.failed ?? []).map(({ jobId, reason }) => ({ jobId, reason }));
  }

  /** Actors that hold anything: empty when all is done. */
  residents(): string[] {
    return [...this.#queues.keys()];
  }

  #next(address: ActorAddress, queue: Queue, { max, busy }: Request): Delivery[] {
    const taken = queue.wait.splice(0, max);
    queue.active.push(...taken);
    if (queue.wait.length === 0 && queue.active.length === 0) {
      if (!busy) this.#liveOf(address.shard).delete(address.id);
      if (queue.failed.length === 0) this.#queues.delete(address.id);
    }
    return taken.map(({ jobId, data }) => ({ jobId, envelope: JSON.parse(data) as Envelope }));
  }

  #check(address: ActorAddress, lease: ShardLease): void {
    if (this.#owners.get(lease.shard) !== lease.token) throw new FencedError(address, lease);
  }

  #queue(address: ActorAddress): Queue {
    let queue = this.#queues.get(address.id);
    if (queue === undefined) {
      queue = { wait: [], active: [], failed: [] };
      this.#queues.set(address.id, queue);
    }
    return queue;
  }

  #liveOf(shard: number): Set<string> {
    let live = this.#live.get(shard);
    if (live === undefined) {
      live = new Set();
      this.#live.set(shard, live);
    }
    return live;
  }
}
