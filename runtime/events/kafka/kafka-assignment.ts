import { pause, type Clock } from '../../define/clock.ts';
import type { Logger } from '../../observe/logger.ts';
import { Batcher } from '../../flow/batcher.ts';
import { backOffMs } from '../../flow/back-off.ts';
import type { LogRecord, SubscribeOptions } from '../event-log.ts';
import { PartitionWorker } from '../partition-worker.ts';

/** Where the group goes on in a partition. */
export interface NextOffset {
  readonly partition: number;
  readonly offset: string;
}

export interface KafkaAssignmentOptions {
  readonly partitions: readonly number[];
  readonly handle: SubscribeOptions['handle'];
  /**
   * Commits in the name of this assignment, in which it is called synchronously. Rejects when Kafka has handed the
   * partitions out anew, or can't be reached.
   */
  readonly commit: (offsets: readonly NextOffset[]) => Promise<void>;
  /** When the handler that an earlier assignment of this process left behind in the partition is done. */
  readonly after: (partition: number) => Promise<void> | undefined;
  /** The subscription closes: what is under way is still handled and committed. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

interface Slot {
  readonly worker: PartitionWorker;
  /** What is in hand. */
  batch?: { readonly last: string; readonly done: (whole: boolean) => void };
}

const retry = { firstMs: 50, maxMs: 1_000 };
/** Kafka has a new generation of the group, or none with this member. */
const superseded = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
]);

/**
 * The partitions that a member has from one handing out to the next. Kafka only looks at the generation that a
 * commit names, not at whose the partition is: so each assignment commits for itself, and never once it is over.
 */
export class KafkaAssignment {
  readonly #options: KafkaAssignmentOptions;
  readonly #over = new AbortController();
  readonly #slots: ReadonlyMap<number, Slot>;
  readonly #commits: Batcher<LogRecord, void>;

  constructor(options: KafkaAssignmentOptions) {
    this.#options = options;
    this.#commits = new Batcher({
      name: 'committing offsets',
      flush: (records) => this.#flush(records),
      keyOf: ({ partition }) => String(partition),
      maxBatch: options.partitions.length,
      maxWaiting: options.partitions.length,
      maxInFlight: 1,
    });
    this.#slots = new Map(options.partitions.map((partition) => [partition, this.#open(partition)]));
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** By partition: when no handler of this assignment runs any more. */
  get ended(): ReadonlyMap<number, Promise<void>> {
    return new Map([...this.#slots].map(([partition, { worker }]) => [partition, worker.ended]));
  }

  /** The partitions are handed out anew: what is under way is handled, and nothing is begun. */
  end(): void {
    this.#over.abort();
  }

  /**
   * Resolves to whether all were handled and committed, else this assignment has ended.
   *
   * @returns undefined when the partition is not of this assignment, or has something in hand: nothing was taken
   */
  work(partition: number, records: readonly LogRecord[]): Promise<boolean> | undefined {
    const slot = this.#slots.get(partition);
    const last = records.at(-1)?.offset;
    if (slot === undefined || last === undefined || slot.batch !== undefined || this.isOver) return undefined;
    return new Promise((resolve) => {
      slot.batch = { last, done: resolve };
      slot.worker.push(records);
    });
  }

  #open(partition: number): Slot {
    const { handle, closing, clock, random, logger, after } = this.#options;
    const worker = new PartitionWorker(
      {
        ...{ handle, clock, random, logger },
        commit: (record) => this.#commit(slot, record),
        // It ends with the assignment: the next one begins where this one committed.
        lost: () => this.end(),
        stop: AbortSignal.any([this.#over.signal, closing]),
      },
      after(partition),
    );
    const slot: Slot = { worker };
    void worker.ended.then(() => slot.batch?.done(false));
    return slot;
  }

  async #commit(slot: Slot, record: LogRecord): Promise<void> {
    await this.#commits.add(record);
    const { batch } = slot;
    if (batch?.last !== record.offset) return;
    delete slot.batch;
    batch.done(true);
  }

  /**
   * Until it is committed or the assignment is over. The batcher begins in a turn of the event loop of its own, and
   * so does each further attempt: then kafkajs is not in the middle of changing to the next generation.
   */
  async #flush(records: readonly LogRecord[]): Promise<PromiseSettledResult<void>[]> {
    const { commit, clock, random, logger } = this.#options;
    const offsets = records.map(({ partition, offset }) => ({
      partition,
      offset: String(BigInt(offset) + 1n),
    }));
    for (let attempt = 0; ; attempt++) {
      if (this.isOver) throw new Error('the partitions are handed out anew');
      try {
        await commit(offsets);
        return records.map(() => ({ status: 'fulfilled', value: undefined }));
      } catch (error) {
        logger.debug({ err: error, offsets, attempt }, 'offsets could not be committed');
        if (superseded.has((error as { type?: string }).type ?? '')) throw error;
        await pause(clock, backOffMs(retry, attempt, random), this.#over.signal);
      }
    }
  }
}
