import type { Clock } from '../define/clock.ts';
import type { ActorAddress } from './address.ts';
import { byAge, isBehind, type ListPosition } from './mailbox-admin.ts';
import type {
  FoundMailboxes,
  MailboxContents,
  MailboxSearch,
  MailboxView,
  MessageState,
  StoredMessage,
} from './mailbox-view.ts';
import type { DeadJob, Job, MemoryQueue } from './memory-queue.ts';
import type { Envelope } from './mailbox.ts';

export interface MemoryMailboxViewOptions {
  /** By the actor's id. */
  readonly queues: ReadonlyMap<string, MemoryQueue>;
  readonly clock: Pick<Clock, 'now'>;
  /** How many actors of a shard have something to do by now. */
  readonly ready: (shard: number) => number;
}

/** What operators see of the mailboxes of `MemoryMailbox`. */
export class MemoryMailboxView implements MailboxView {
  readonly #options: MemoryMailboxViewOptions;

  constructor(options: MemoryMailboxViewOptions) {
    this.#options = options;
  }

  // async, so that a failure is a rejection here as it is there.

  async ready(shard: number): Promise<number> {
    return this.#options.ready(shard);
  }

  async find(
    shard: number,
    { idPrefix, state, order, maxLookedAt }: MailboxSearch,
    after: ListPosition | undefined,
    limit: number,
  ): Promise<FoundMailboxes> {
    const { queues, clock } = this.#options;
    const all = [...queues.values()].filter(({ address }) => address.shard === shard);
    const found = all
      .slice(0, maxLookedAt)
      .filter((queue) => queue.address.id.startsWith(idPrefix) && holds(queue, state))
      .map((queue) => {
        const at = order === 'deepest' ? -depthOf(queue, state) : (firstAt(queue, state) ?? clock.now());
        return { address: queue.address, at, name: queue.address.id };
      });
    const behind = found.filter((entry) => isBehind(entry, after)).sort(byAge);
    return { found: behind.slice(0, limit), isPartial: all.length > maxLookedAt };
  }

  async contents({ id }: ActorAddress): Promise<MailboxContents> {
    const queue = this.#options.queues.get(id);
    const { wait = [], active = [], delayed = [], failed = [], parked } = queue ?? {};
    return {
      ...{ waiting: wait.length, active: active.length, delayed: delayed.length, failed: failed.length },
      oldestAt: (active[0] ?? wait[0])?.sentAt,
      parked,
    };
  }

  async messages(
    { id }: ActorAddress,
    state: MessageState,
    limit: number,
    maxBytes: number,
  ): Promise<StoredMessage[]> {
    const queue = this.#options.queues.get(id);
    if (queue === undefined) return [];
    const jobs = jobsIn(queue, state);
    const first = state === 'failed' ? jobs.toReversed() : jobs;
    return first.slice(0, limit).map((job) => {
      const stored = described(job, state);
      return { ...stored, data: Buffer.from(stored.data).subarray(0, maxBytes).toString() };
    });
  }

  async message({ id }: ActorAddress, jobId: string): Promise<StoredMessage | undefined> {
    const queue = this.#options.queues.get(id);
    if (queue === undefined) return undefined;
    for (const state of ['active', 'failed', 'delayed', 'waiting'] as const) {
      const job = jobsIn(queue, state).find((one) => one.jobId === jobId);
      if (job !== undefined) return described(job, state);
    }
    return undefined;
  }
}

type TimedJob = Job & Partial<Pick<DeadJob, 'at' | 'reason' | 'attempts'>>;

function jobsIn(queue: MemoryQueue, state: MessageState): readonly TimedJob[] {
  return state === 'waiting' ? queue.wait : queue[state];
}

function depthOf(queue: MemoryQueue, state: MailboxSearch['state']): number {
  if (state === 'parked') return queue.parked === undefined ? 0 : 1;
  return state === undefined ? queue.wait.length || queue.active.length : jobsIn(queue, state).length;
}

function holds(queue: MemoryQueue, state: MailboxSearch['state']): boolean {
  if (state !== undefined) return depthOf(queue, state) > 0;
  return depthOf(queue, state) + queue.delayed.length + queue.failed.length > 0 || queue.parked !== undefined;
}

function firstAt(queue: MemoryQueue, state: MailboxSearch['state']): number | undefined {
  if (state === 'parked') return queue.parked?.at;
  if (state === 'failed' || state === 'delayed') return queue[state][0]?.at;
  return (queue.active[0] ?? queue.wait[0])?.sentAt;
}

function described(job: TimedJob, state: MessageState): StoredMessage {
  const { jobId, data, sentAt, starts, at, reason, attempts } = job;
  return {
    ...{ jobId, state, message: (JSON.parse(data) as Envelope).name, data },
    ...{ bytes: Buffer.byteLength(data), sentAt, starts },
    ...(at === undefined ? {} : { at }),
    ...(reason === undefined ? {} : { reason, attempts: attempts ?? 0 }),
  };
}
