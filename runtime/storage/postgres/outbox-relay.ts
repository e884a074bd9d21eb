import { pause, type Clock } from '../../define/clock.ts';
import { withTimeLimit } from '../../flow/time-limit.ts';
import type { Logger } from '../../observe/logger.ts';
import { levelOfRetry } from '../../observe/reason.ts';
import { backOffMs } from '../../flow/back-off.ts';
import type { EventLog } from '../../events/event-log.ts';
import { UndeliveredLooks, type UndeliveredOptions } from './undelivered-looks.ts';
import { OutboxConnection, type OutboxRow } from './outbox-connection.ts';
import { defaultLockId, defaultOutboxTable } from './outbox-names.ts';

export interface OutboxRelayOptions {
  readonly postgresUrl: string;
  readonly log: EventLog;
  /** Where the events go. */
  readonly topic: string;
  /** CloudEvents `source` of the events, an URI reference. */
  readonly source: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Numbers in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  /** Default: `outbox_events`. */
  readonly table?: string;
  /** Upper bound on the wait for an event whose notification was lost. Default: 1,000. */
  readonly pollMs?: number;
  /** Default: 500. */
  readonly maxBatch?: number;
  /** Processed events are deleted after so long. Default: 7 days. */
  readonly retentionMs?: number;
  /** How long `close` waits for the batch under way. Default: 10,000. */
  readonly closeMs?: number;
  /** Names the advisory lock; relays of one database share it. Default: 7261002. */
  readonly lockId?: number;
  /** For an event log that can lose what it took. */
  readonly undelivered?: UndeliveredOptions;
}

const defaults = {
  random: Math.random,
  table: defaultOutboxTable,
  pollMs: 1_000,
  maxBatch: 500,
  retentionMs: 7 * 86_400_000,
  closeMs: 10_000,
  lockId: defaultLockId,
};

const retry = { firstMs: 100, maxMs: 5_000 };
const standbyMs = 1_000;
/** Less than the time after which the server ends a connection that does nothing. */
const appendLimitMs = 20_000;
const cleanEveryMs = 60_000;
const cleanBatch = 1_000;

/**
 * Carries events from the outbox to the event log: at least once, in id order, marked only after the log has
 * taken them. One relay per database is active; the others stand by and take over when its connection ends.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions & typeof defaults;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #connection: OutboxConnection | undefined;
  #active = false;
  #woken = false;
  #wake: () => void = () => {};
  #cleanedAt: number;
  #undelivered: UndeliveredLooks | undefined;

  /** Starts at once; failures are logged and tried again until `close`. */
  constructor(options: OutboxRelayOptions) {
    this.#options = { ...defaults, ...options };
    this.#cleanedAt = options.clock.monotonic();
    this.#running = this.#run();
  }

  /** Whether this is the relay that publishes; the others stand by. */
  get isActive(): boolean {
    return this.#active;
  }

  /** Finishes the batch under way, then lets another relay begin. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    try {
      await withTimeLimit(this.#options.clock, this.#options.closeMs, 'closing the relay', this.#running);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the relay was ended in the middle of a batch');
      this.#connection?.destroy();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { clock, random, logger } = this.#options;
    for (let failures = 0; !this.#closing.signal.aborted;) {
      try {
        await this.#session(() => (failures = 0));
      } catch (error) {
        const delayMs = Math.round(backOffMs(retry, failures++, random));
        logger[levelOfRetry(error)]({ err: error, delayMs }, 'the relay was interrupted');
        await pause(clock, delayMs, this.#closing.signal);
      } finally {
        this.#active = false;
      }
    }
  }

  /** One connection, from standing by to its end. `progressed` is called when a batch went through. */
  async #session(progressed: () => void): Promise<void> {
    const { postgresUrl: url, table, source, lockId, maxBatch, clock, logger } = this.#options;
    const { signal } = this.#closing;
    const connection = await OutboxConnection.open({ url, table, source, lockId, wake: () => this.#ring() });
    this.#connection = connection;
    try {
      while (!(await connection.tryLock())) {
        await pause(clock, standbyMs, signal);
        if (signal.aborted) return;
      }
      await connection.listen();
      // Others may have processed events meanwhile, by their own clocks: what they found does not count.
      const { undelivered } = this.#options;
      this.#undelivered = undelivered && new UndeliveredLooks({ ...this.#options, ...undelivered });
      this.#active = true;
      logger.info({ topic: this.#options.topic }, 'relaying the outbox');
      let published: readonly OutboxRow[] = [];
      // What was published is marked before the end.
      while (!signal.aborted || published.length > 0) {
        // Before looking: what is inserted from now on rings again.
        this.#woken = false;
        const due = await connection.markAndNext(published, clock.now(), maxBatch);
        published = [];
        progressed();
        if (signal.aborted) return;
        await this.#maintain(connection);
        if (due.length > 0) published = await this.#publish(due);
        else await this.#nextEvent();
      }
    } finally {
      await this.#end(connection);
    }
  }

  async #publish(due: readonly OutboxRow[]): Promise<readonly OutboxRow[]> {
    const { log, topic, clock } = this.#options;
    const appending = log.append(
      topic,
      due.map(({ event }) => event),
    );
    await withTimeLimit(clock, appendLimitMs, 'appending events', appending);
    return due;
  }

  /** What may fail without harm to the events that wait. */
  async #maintain(connection: OutboxConnection): Promise<void> {
    const now = this.#options.clock.monotonic();
    try {
      if (await this.#undelivered?.goOn(connection)) this.#woken = true;
      if (now - this.#cleanedAt >= cleanEveryMs) {
        // A full batch: more may be left, for the next round.
        if (await this.#clean(connection)) this.#woken = true;
        else this.#cleanedAt = now;
      }
    } catch (error) {
      this.#cleanedAt = now;
      const { logger } = this.#options;
      logger[levelOfRetry(error)]({ err: error }, 'the outbox could not be tidied');
    }
  }

  /** Returns whether there may be more to delete. */
  async #clean(connection: OutboxConnection): Promise<boolean> {
    const { clock, retentionMs, undelivered } = this.#options;
    const before = clock.now() - retentionMs;
    return (await connection.removeProcessed(before, cleanBatch, undelivered?.sql)) === cleanBatch;
  }

  /** Waits for a notification, the poll interval, or the end. */
  async #nextEvent(): Promise<void> {
    if (this.#woken || this.#closing.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.schedule(this.#options.pollMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #ring(): void {
    this.#woken = true;
    this.#wake();
  }

  async #end(connection: OutboxConnection): Promise<void> {
    try {
      await withTimeLimit(this.#options.clock, 2_000, 'closing a connection', connection.close());
    } catch {
      connection.destroy();
    }
  }
}
