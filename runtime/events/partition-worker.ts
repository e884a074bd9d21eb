import { pause, type Clock } from '../define/clock.ts';
import { Limiter } from '../flow/limiter.ts';
import type { Logger } from '../observe/logger.ts';
import { levelOfRetry } from '../observe/reason.ts';
import { backOffMs } from '../flow/back-off.ts';
import type { LogRecord, SubscribeOptions } from './event-log.ts';

export interface PartitionWorkerOptions {
  readonly handle: SubscribeOptions['handle'];
  /**
   * Stores that all up to this record are handled. Rejects when the partition is another's by now, or can't be
   * reached. Called again only when the last call has ended.
   */
  readonly commit: (record: LogRecord) => Promise<void>;
  /** Takes up a failed commit; the worker has ended by then. */
  readonly lost: (error: unknown) => void;
  /** Ends taking; the records under way are still handled and committed. */
  readonly stop: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

interface Taken {
  readonly record: LogRecord;
  handled: boolean;
}

const retry = { firstMs: 100, maxMs: 5_000 };
/** Attempts: after some six seconds. */
const toldAfter = 6;
const maxHandlers = 32;

/**
 * Handles the records of one partition, each until it succeeds: those of a key in order, several keys at once. What
 * is committed is the last one before which, and with which, all are handled; while one commit is under way, what is
 * handled meanwhile goes with the next.
 */
export class PartitionWorker {
  readonly #options: PartitionWorkerOptions;
  readonly #limiter = new Limiter(maxHandlers);
  readonly #begun: Promise<void>;
  /** In the order of the log, up to the first that is not handled. */
  readonly #taken: Taken[] = [];
  /** By key: when all that was taken of it is done. */
  readonly #lanes = new Map<string, Promise<void>>();
  #toCommit: LogRecord | undefined;
  #isCommitting = false;
  #committed: Promise<void> = Promise.resolve();
  #isLost = false;
  #lose: () => void = () => undefined;
  /** Resolves when the worker has ended and no handler runs. */
  readonly ended: Promise<void>;

  /** @param after what must have ended before: the last worker of the same partition */
  constructor(options: PartitionWorkerOptions, after: Promise<void> = Promise.resolve()) {
    const { stop } = options;
    this.#options = options;
    this.#begun = after;
    const over = new Promise<void>((resolve) => {
      this.#lose = resolve;
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
    this.ended = this.#untilEnded(over);
  }

  /** Records taken that are not handled yet, or lie behind one that is not. */
  get waiting(): number {
    return this.#taken.length;
  }

  push(records: readonly LogRecord[]): void {
    for (const record of records) {
      const taken = { record, handled: false };
      this.#taken.push(taken);
      const before = this.#lanes.get(record.key) ?? this.#begun;
      const lane = before.then(() => this.#limiter.run(() => this.#work(taken)));
      this.#lanes.set(record.key, lane);
      void lane.then(() => {
        if (this.#lanes.get(record.key) === lane) this.#lanes.delete(record.key);
      });
    }
  }

  get #isOver(): boolean {
    return this.#isLost || this.#options.stop.aborted;
  }

  async #untilEnded(over: Promise<void>): Promise<void> {
    await Promise.all([this.#begun, over]);
    await Promise.all(this.#lanes.values());
    await this.#committed;
  }

  async #work(taken: Taken): Promise<void> {
    // One that is not handled leaves those behind it alone as well: by then the worker is over.
    if (this.#isOver || !(await this.#handle(taken.record))) return;
    taken.handled = true;
    for (let first = this.#taken[0]; first?.handled === true; first = this.#taken[0]) {
      this.#toCommit = first.record;
      this.#taken.shift();
    }
    if (!this.#isCommitting) this.#committed = this.#commit();
  }

  async #commit(): Promise<void> {
    const { commit, lost } = this.#options;
    this.#isCommitting = true;
    while (this.#toCommit !== undefined && !this.#isLost) {
      const record = this.#toCommit;
      this.#toCommit = undefined;
      try {
        await commit(record);
      } catch (error) {
        this.#isLost = true;
        this.#lose();
        lost(error);
      }
    }
    this.#isCommitting = false;
  }

  /** Whether it was handled: not when the worker was stopped between two attempts. */
  async #handle(record: LogRecord): Promise<boolean> {
    const { handle, stop, clock, random, logger } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        await handle(record);
        return true;
      } catch (error) {
        const delayMs = Math.round(backOffMs(retry, attempt, random));
        const { partition, offset, id } = record;
        // One that holds its partition up is told of, whatever the reason.
        const level = attempt === toldAfter ? 'warn' : levelOfRetry(error);
        logger[level](
          { err: error, partition, offset, eventId: id, attempt, delayMs },
          'an event failed; again',
        );
        await pause(clock, delayMs, stop);
        if (this.#isOver) return false;
      }
    }
  }
}
