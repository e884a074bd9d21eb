import { systemClock, type Clock } from '../define/clock.ts';
import { silentLogger, type Logger } from '../observe/logger.ts';
import type {
  EventLog,
  LogEvent,
  LogPage,
  LogQuery,
  LogRecord,
  PartitionLag,
  SubscribeOptions,
  Subscription,
} from './event-log.ts';
import { eventOfLetter } from './event-of-letter.ts';
import { partitionOf } from './partition-of.ts';
import { PartitionWorker } from './partition-worker.ts';
import { readNewest } from './read-newest.ts';

/** What outlives the processes that use it: partitions by topic, offsets by topic and group. */
export class MemoryLogStorage {
  readonly partitions: number;
  readonly #records = new Map<string, LogRecord[][]>();
  readonly #groups = new Map<string, { readonly committed: number[]; readonly members: symbol[] }>();
  /** When the log took a record, milliseconds since the epoch. */
  readonly #appendedAt = new WeakMap<LogRecord, number>();
  #wakers: (() => void)[] = [];

  constructor(partitions = 6) {
    this.partitions = partitions;
  }

  /** @internal */
  records(topic: string): LogRecord[][] {
    let all = this.#records.get(topic);
    if (all === undefined) {
      all = Array.from({ length: this.partitions }, () => []);
      this.#records.set(topic, all);
    }
    return all;
  }

  /** @internal */
  group(topic: string, group: string): { readonly committed: number[]; readonly members: symbol[] } {
    const name = JSON.stringify([topic, group]);
    let found = this.#groups.get(name);
    if (found === undefined) {
      found = { committed: Array.from({ length: this.partitions }, () => 0), members: [] };
      this.#groups.set(name, found);
    }
    return found;
  }

  /** @internal */
  append(topic: string, { headers, ...event }: LogEvent, at: number): void {
    const partitions = this.records(topic);
    const partition = partitionOf(event.key, partitions.length);
    const records = partitions[partition] ?? [];
    const record = { ...event, headers: { ...headers }, partition, offset: String(records.length) };
    records.push(record);
    this.#appendedAt.set(record, at);
  }

  /**
   * Of one partition, before an offset, the latest first.
   * @internal
   */
  before(topic: string, partition: number, offset = Infinity, limit: number) {
    const records = this.records(topic)[partition]?.slice(0, offset).slice(-limit).reverse() ?? [];
    return records.map((record) => ({ ...record, appendedAt: this.#appendedAt.get(record) ?? 0 }));
  }

  /** @internal */
  lag(topic: string, group: string): PartitionLag[] {
    const { committed } = this.group(topic, group);
    return this.records(topic).map(({ length }, partition) => {
      return { partition, records: length - (committed[partition] ?? 0) };
    });
  }

  /**
   * Resolves with the next change: an append, a member that joins or leaves.
   * @internal
   */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  /** @internal */
  notify(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

export interface MemoryEventLogOptions {
  readonly storage?: MemoryLogStorage;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly logger?: Logger;
}

/** An event log for tests. Logs over the same storage are like processes: one of them consumes a group. */
export class MemoryEventLog implements EventLog {
  readonly #storage: MemoryLogStorage;
  readonly #options: Required<Omit<MemoryEventLogOptions, 'storage'>>;
  readonly #subscriptions = new Set<MemorySubscription>();
  /** Throws or rejects: the append did not happen. */
  beforeAppend: ((topic: string, events: readonly LogEvent[]) => void | Promise<void>) | undefined;
  /** Throws or rejects: the append did happen, and its caller does not learn of it. */
  afterAppend: ((topic: string, events: readonly LogEvent[]) => void | Promise<void>) | undefined;

  constructor({ storage, clock, random, logger }: MemoryEventLogOptions = {}) {
    this.#storage = storage ?? new MemoryLogStorage();
    this.#options = {
      clock: clock ?? systemClock,
      random: random ?? Math.random,
      logger: logger ?? silentLogger,
    };
  }

  async append(topic: string, events: readonly LogEvent[]): Promise<void> {
    await this.beforeAppend?.(topic, events);
    for (const event of events) this.#storage.append(topic, event, this.#options.clock.now());
    this.#storage.notify();
    await this.afterAppend?.(topic, events);
  }

  /**
   * All records of a topic: by partition, in order within each.
   * @internal
   */
  records(topic: string): LogRecord[] {
    return this.#storage.records(topic).flat();
  }

  subscribe(options: SubscribeOptions): Promise<Subscription> {
    const subscription = new MemorySubscription(this.#storage, options, this.#options);
    this.#subscriptions.add(subscription);
    return Promise.resolve(subscription);
  }

  reject(topic: string, { partition: _p, offset: _o, ...event }: LogRecord, reason: string): Promise<void> {
    return this.append(`${topic}.dlq`, [{ ...event, headers: { ...event.headers, reason } }]);
  }

  replay(topic: string, letter: LogRecord): Promise<void> {
    return this.append(topic, [eventOfLetter(letter)]);
  }

  read(topic: string, query: LogQuery = {}): Promise<LogPage> {
    const { key } = query;
    const all = Array.from({ length: this.#storage.partitions }, (_, partition) => partition);
    return readNewest(query, {
      partitions: key === undefined ? all : [partitionOf(key, all.length)],
      before: async (partition, offset, limit) =>
        this.#storage.before(topic, partition, offset === undefined ? undefined : Number(offset), limit),
    });
  }

  async lag(topic: string, group: string): Promise<PartitionLag[]> {
    return this.#storage.lag(topic, group);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends like a killed process: nothing under way is committed, and another log takes over. */
  crash(): void {
    for (const subscription of this.#subscriptions) subscription.crash();
  }
}

class MemorySubscription implements Subscription {
  readonly #storage: MemoryLogStorage;
  readonly #options: SubscribeOptions;
  readonly #stop = new AbortController();
  readonly #member = Symbol('member');
  readonly #workers: PartitionWorker[];
  readonly #running: Promise<void>;
  #crashed = false;

  constructor(
    storage: MemoryLogStorage,
    options: SubscribeOptions,
    parts: Required<Omit<MemoryEventLogOptions, 'storage'>>,
  ) {
    this.#storage = storage;
    this.#options = options;
    const group = storage.group(options.topic, options.group);
    group.members.push(this.#member);
    this.#workers = group.committed.map(
      (_, partition) =>
        new PartitionWorker({
          ...parts,
          handle: options.handle,
          lost: () => {},
          stop: this.#stop.signal,
          commit: async (record) => {
            if (this.#crashed) throw new Error('the process is gone');
            group.committed[partition] = Number(record.offset) + 1;
          },
        }),
    );
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const group = this.#storage.group(this.#options.topic, this.#options.group);
    while (group.members[0] !== this.#member && !this.#stop.signal.aborted) await this.#storage.changed();
    const next = [...group.committed];
    while (!this.#stop.signal.aborted) {
      const changed = this.#storage.changed();
      for (const [partition, records] of this.#storage.records(this.#options.topic).entries()) {
        this.#workers[partition]?.push(records.slice(next[partition]));
        next[partition] = records.length;
      }
      await changed;
    }
  }

  async lag(): Promise<number> {
    const lags = this.#storage.lag(this.#options.topic, this.#options.group);
    return lags.reduce((sum, { records }) => sum + records, 0);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#storage.notify();
    if (!this.#crashed) await Promise.all(this.#workers.map((worker) => worker.ended));
    this.#leave();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  crash(): void {
    this.#crashed = true;
    this.#stop.abort();
    this.#leave();
  }

  #leave(): void {
    const { members } = this.#storage.group(this.#options.topic, this.#options.group);
    const place = members.indexOf(this.#member);
    if (place >= 0) members.splice(place, 1);
    this.#storage.notify();
  }
}
