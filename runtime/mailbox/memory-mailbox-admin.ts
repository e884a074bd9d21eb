import type { ActorAddress } from './address.ts';
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
import { mailboxFull, type Envelope } from './mailbox.ts';
import type { DeadJob, MemoryQueue } from './memory-queue.ts';

export interface MemoryMailboxAdminOptions {
  /** By the actor's id. */
  readonly queues: ReadonlyMap<string, MemoryQueue>;
  readonly limit: number;
  readonly now: () => number;
  /** The actor has something to do. */
  readonly wake: (actor: ActorAddress) => void;
  /** The actor may have nothing left. */
  readonly tidy: (actor: ActorAddress) => void;
}

/** What operators do with the mailboxes of `MemoryMailbox`. */
export class MemoryMailboxAdmin implements MailboxAdmin {
  readonly #options: MemoryMailboxAdminOptions;

  constructor(options: MemoryMailboxAdminOptions) {
    this.#options = options;
  }

  // async, so that a failure is a rejection here as it is there.

  async load(shard: number, limit: number): Promise<MailboxLoad> {
    const queues = [...this.#options.queues.values()].filter(({ address }) => address.shard === shard);
    const depths = queues
      .map(({ wait, active }) => wait.length + active.length)
      .filter((depth) => depth > 0)
      .slice(0, limit);
    const messages = depths.reduce((sum, depth) => sum + depth, 0);
    const parked = queues.filter((queue) => queue.parked !== undefined).length;
    return { actors: depths.length, messages, deepest: Math.max(0, ...depths), parked };
  }

  async parked(shard: number, after: ListPosition | undefined, limit: number): Promise<ParkedEntry[]> {
    const parked = [...this.#options.queues.values()].flatMap((queue) => queue.parked ?? []);
    const named = parked.map((entry) => ({ ...entry, name: entry.address.id }));
    const found = named.filter((entry) => entry.address.shard === shard && isBehind(entry, after));
    return found.sort(byAge).slice(0, limit);
  }

  async whyParked(actor: ActorAddress): Promise<ParkedEntry | undefined> {
    return this.#options.queues.get(actor.id)?.parked;
  }

  async release(parked: ActorAddress, firstMessage: 'retry' | 'give-up'): Promise<boolean> {
    const { queues, now, wake } = this.#options;
    const queue = queues.get(parked.id);
    const why = queue?.parked;
    if (queue === undefined || why === undefined) return false;
    queue.parked = undefined;
    if (firstMessage === 'give-up' && 'jobId' in why) {
      const { address: _address, message: _message, ...failure } = why;
      const at = queue.wait.findIndex(({ jobId }) => jobId === why.jobId);
      const given = at < 0 ? [] : queue.wait.splice(at, 1);
      for (const job of given) queue.failed.push({ ...job, ...failure, at: now() });
    }
    wake(parked);
    return true;
  }

  async deadLetters(
    of: number | ActorAddress,
    after: ListPosition | undefined,
    limit: number,
  ): Promise<DeadLetterEntry[]> {
    const { queues } = this.#options;
    const isMeant = ({ id, shard }: ActorAddress) => (typeof of === 'number' ? shard === of : id === of.id);
    const found = [...queues.values()].flatMap(({ address, failed }) =>
      failed
        .filter(() => isMeant(address))
        .map(({ jobId, at }) => ({ address, jobId, at, name: deadLetterName(address, jobId) })),
    );
    return found
      .filter((entry) => isBehind(entry, after))
      .sort(byAge)
      .slice(0, limit);
  }

  async deadLetter(of: ActorAddress, jobId: string): Promise<StoredDeadLetter | undefined> {
    const job = this.#find(of, jobId);
    if (job === undefined) return undefined;
    const { reason, attempts, at, sentAt } = job;
    return { jobId, message: envelopeOf(job).name, reason, attempts, at, sentAt };
  }

  async openDeadLetter(of: ActorAddress, jobId: string): Promise<DeadMessage | undefined> {
    const job = this.#find(of, jobId);
    if (job === undefined) return undefined;
    const { causes, state } = job;
    return { envelope: envelopeOf(job), ...(causes && { causes }), ...(state && { state }) };
  }

  async replay(of: ActorAddress, jobId: string): Promise<boolean> {
    const { queues, limit, wake } = this.#options;
    const queue = queues.get(of.id);
    const job = this.#find(of, jobId);
    if (queue === undefined || job === undefined) return false;
    if (queue.wait.length >= limit) throw mailboxFull(of, limit);
    queue.failed = queue.failed.filter((one) => one !== job);
    const data = JSON.stringify(withoutAsker(envelopeOf(job)));
    queue.wait.push({ jobId, data, starts: 0, begun: 0, sentAt: job.sentAt });
    wake(of);
    return true;
  }

  async discard(of: ActorAddress, jobId: string): Promise<boolean> {
    const { queues, tidy } = this.#options;
    const queue = queues.get(of.id);
    const job = this.#find(of, jobId);
    if (queue === undefined || job === undefined) return false;
    queue.failed = queue.failed.filter((one) => one !== job);
    tidy(of);
    return true;
  }

  #find(of: ActorAddress, jobId: string): DeadJob | undefined {
    return this.#options.queues.get(of.id)?.failed.find((job) => job.jobId === jobId);
  }
}

const envelopeOf = ({ data }: DeadJob) => JSON.parse(data) as Envelope;
