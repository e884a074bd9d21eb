import { pause, type Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { levelOfRetry } from '../observe/reason.ts';
import { backOffMs } from './back-off.ts';
import type { LogRecord, SubscribeOptions } from './event-log.ts';

export interface PartitionWorkerOptions {
  readonly handle: SubscribeOptions['handle'];
  /** Stores the offset of a handled record. Rejects when the partition is another's by now, or can't be reached. */
  readonly commit: (record: LogRecord) => Promise<void>;
  /** Takes up a failed commit; the worker has ended by then. */
  readonly lost: (error: unknown) => void;
  /** Ends taking; the record under way is still handled and committed. */
  readonly stop: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const retry = { firstMs: 100, maxMs: 5_000 };
/** Attempts: after some six seconds. */
const toldAfter = 6;

/** Handles the records of one partition in order, each until it succeeds, and commits after each. */
export class PartitionWorker {
  readonly #options: PartitionWorkerOptions;
  readonly #buffer: LogRecord[] = [];
  #wake: () => void = () => {};
  /** Resolves when the worker has ended and no handler runs. */
  readonly ended: Promise<void>;

  /** @param after what must have ended before: the last worker of the same partition */
  constructor(options: PartitionWorkerOptions, after: Promise<void> = Promise.resolve()) {
    this.#options = options;
    options.stop.addEventListener('abort', () => this.#wake(), { once: true });
    this.ended = after.then(() => this.#run());
  }

  /** Records taken and not yet begun. */
  get waiting(): number {
    return this.#buffer.length;
  }

  push(records: readonly LogRecord[]): void {
    for (const record of records) this.#buffer.push(record);
    this.#wake();
  }

  async #run(): Promise<void> {
    const { stop, commit, lost } = this.#options;
    while (!stop.aborted) {
      const record = this.#buffer.shift();
      if (record === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (!(await this.#handle(record))) return;
      try {
        await commit(record);
      } catch (error) {
        return lost(error);
      }
    }
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
        if (stop.aborted) return false;
      }
    }
  }
}
