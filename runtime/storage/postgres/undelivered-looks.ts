import type { Clock } from '../../define/clock.ts';
import type { Logger } from '../../observe/logger.ts';
import type { OutboxConnection } from './outbox-connection.ts';

/** What an outbox relay publishes again. */
export interface UndeliveredOptions {
  /**
   * A condition on a row `o` of the outbox that is true while the event's effect is missing. Such an event is published
   * again and is not deleted. Consumers must be idempotent.
   */
  readonly sql: string;
  /** How often is looked: once all through, and from then on only where an effect was still missing or is new. */
  readonly everyMs: number;
  /** An event is published again after so long, then after twice that, and so on. Default: 30,000. */
  readonly afterMs?: number;
  /**
   * Tells until when, in milliseconds since the epoch, what was appended has been consumed: of what came later the
   * effect is not missing, but late. Without it that is taken to be the same.
   */
  readonly consumedUntil?: () => Promise<number>;
}

interface LooksOptions extends UndeliveredOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** At most so many events are made due again at once. */
  readonly maxBatch: number;
}

/** A look through what was processed, in milliseconds since the epoch. */
interface Look {
  reached: number;
  readonly until: number;
  /** When the first was processed that had no effect. */
  oldest?: number | undefined;
}

/** So many events are looked at between two batches: no batch waits long, however many events there are. */
const rowsAtOnce = 5_000;
/** How far the wall clock may jump back without an undelivered event being overlooked. */
const clockMarginMs = 60_000;

/** Finds the events of one active relay that had no effect, and makes them due again. */
export class UndeliveredLooks {
  readonly #options: LooksOptions;
  readonly #waitMs: number;
  /** Of what was processed before, every event had its effect. */
  #deliveredUntil = 0;
  #begunAt: number;
  #look: Look | undefined;

  constructor(options: LooksOptions) {
    this.#options = options;
    this.#waitMs = options.afterMs ?? 30_000;
    this.#begunAt = options.clock.monotonic();
  }

  /** Begins a look that is due, or goes on with one. Returns whether there is more to do at once. */
  async goOn(connection: OutboxConnection): Promise<boolean> {
    const { clock, everyMs } = this.#options;
    const now = clock.monotonic();
    if (this.#look === undefined && now - this.#begunAt < everyMs) return false;
    const look = (this.#look ??= await this.#begin());
    try {
      return await this.#step(connection, look);
    } catch (error) {
      this.#look = undefined;
      throw error;
    }
  }

  async #begin(): Promise<Look> {
    const { clock, consumedUntil } = this.#options;
    this.#begunAt = clock.monotonic();
    const consumed = (await consumedUntil?.()) ?? Infinity;
    const until = Math.min(clock.now() - this.#waitMs, consumed);
    return { reached: Math.min(this.#deliveredUntil, until), until };
  }

  async #step(connection: OutboxConnection, look: Look): Promise<boolean> {
    const { sql, logger, maxBatch } = this.#options;
    const { events, oldest, reached } = await connection.requeueUndelivered({
      undelivered: sql,
      since: look.reached,
      until: look.until,
      rows: rowsAtOnce,
      waitMs: this.#waitMs,
      limit: maxBatch,
    });
    look.reached = reached;
    look.oldest ??= oldest;
    if (events > 0) logger.warn({ events }, 'publishing again what had no effect');
    if (reached < look.until) return true;
    this.#look = undefined;
    this.#deliveredUntil = (look.oldest ?? look.until) - 1 - clockMarginMs;
    return events > 0;
  }
}
