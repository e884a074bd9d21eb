import { pause, type Clock } from '../define/clock.ts';
import { withTimeLimit } from '../flow/time-limit.ts';
import type { Logger } from '../observe/logger.ts';
import { levelOfRetry } from '../observe/reason.ts';
import { ForeignKeys, isWrongType } from '../redis/foreign-keys.ts';
import { openBlockingConnection, type RedisConnection } from '../redis/redis-connection.ts';
import { backOffMs } from '../flow/back-off.ts';
import type { PartitionLag, SubscribeOptions, Subscription } from './event-log.ts';
import { PartitionWorker } from './partition-worker.ts';
import type { GroupLease } from './redis-streams-lease.ts';
import { recordOf, type RedisStreamsTopic, type StreamEntry } from './redis-streams-topic.ts';

export interface RedisStreamsSubscriptionOptions {
  readonly subscribe: SubscribeOptions;
  readonly topic: RedisStreamsTopic;
  readonly lease: GroupLease;
  readonly leaseMs: number;
  readonly lag: () => Promise<readonly PartitionLag[]>;
  /** What opens the connection that waits for records. */
  readonly redis: RedisConnection;
  /** How long `close` waits for handlers. */
  readonly closeMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const blockMs = 1_000;
/** Shorter while a partition is left out of the read, so that it comes in again soon. */
const shortBlockMs = 50;
const readCount = 100;
const maxWaiting = 200;
const retry = { firstMs: 200, maxMs: 5_000 };

/**
 * Consumes for a group while it holds the group's lease, else stands by. A session lasts from getting the lease
 * to losing it, or to any doubt: the next one starts from the offsets as they are stored then, which is also how
 * a Redis that came back empty is met.
 */
export class RedisStreamsSubscription implements Subscription {
  readonly #options: RedisStreamsSubscriptionOptions;
  readonly #closing = new AbortController();
  /** By partition: when the handler of the last session is done. A slow one does not hold the others up. */
  #ended: Promise<void>[];
  readonly #running: Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(options: RedisStreamsSubscriptionOptions) {
    this.#options = options;
    this.#ended = options.topic.streams.map(() => Promise.resolve());
    this.#running = this.#run();
  }

  async lag(): Promise<number> {
    const lags = await this.#options.lag();
    return lags.reduce((sum, { records }) => sum + records, 0);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { lease, leaseMs, clock, random, logger } = this.#options;
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted;) {
      try {
        if (await lease.acquire()) await this.#session();
        else await pause(clock, leaseMs / 6, signal);
        failures = 0;
      } catch (error) {
        if (isWrongType(error)) await this.#removeForeign();
        const delayMs = Math.round(backOffMs(retry, failures++, random));
        logger[levelOfRetry(error)]({ err: error, ...this.#name, delayMs }, 'consuming was interrupted');
        await pause(clock, delayMs, signal);
      }
    }
  }

  async #removeForeign(): Promise<void> {
    const { topic, subscribe, logger } = this.#options;
    await new ForeignKeys(this.#options).remove(topic.keyTypes(subscribe.group)).catch((error: unknown) => {
      logger.debug({ err: error }, 'what is in the place of the log cannot be removed for now');
    });
  }

  /** Rejects with what ended it; resolves when the subscription closes. */
  async #session(): Promise<void> {
    const { topic, lease, subscribe, clock, random, logger } = this.#options;
    const over = new AbortController();
    const stop = AbortSignal.any([over.signal, this.#closing.signal]);
    const settled = new AbortController();
    let failure: Error | undefined;
    const lost = (error: unknown) => {
      failure ??= error instanceof Error ? error : new Error(String(error));
      over.abort();
    };
    const renewing = this.#renew(settled.signal, lost);
    try {
      const offsets = await lease.offsets();
      logger.info(this.#name, 'consuming');
      const workers = topic.streams.map((_, partition) => {
        const parts = { handle: subscribe.handle, commit: lease.commit.bind(lease), lost, stop };
        return new PartitionWorker({ ...parts, clock, random, logger }, this.#ended[partition]);
      });
      this.#ended = workers.map((worker) => worker.ended);
      const from = topic.streams.map((_, partition) => offsets[partition] ?? '0-0');
      await this.#read(workers, from, stop).catch(lost);
      over.abort();
      // The lease is kept until the last handler has committed.
      if (this.#closing.signal.aborted) await this.#drain();
    } finally {
      over.abort();
      settled.abort();
      await renewing;
    }
    if (failure !== undefined) throw failure;
  }

  async #read(workers: readonly PartitionWorker[], from: string[], stop: AbortSignal): Promise<void> {
    const { redis, topic, clock, lease, logger } = this.#options;
    const connection = await openBlockingConnection(redis, topic.streams[0] ?? '', blockMs);
    connection.on('error', (error: unknown) => logger.debug({ err: error }, 'the connection for events'));
    const disconnect = () => connection.disconnect();
    stop.addEventListener('abort', disconnect, { once: true });
    try {
      while (!stop.aborted && lease.isHeld) {
        const open = [...workers.keys()].filter(
          (partition) => (workers[partition]?.waiting ?? 0) < maxWaiting,
        );
        if (open.length === 0) {
          await pause(clock, shortBlockMs, stop);
          continue;
        }
        const block = open.length === workers.length ? blockMs : shortBlockMs;
        const streams = open.map((partition) => topic.streams[partition] ?? '');
        const offsets = open.map((partition) => from[partition] ?? '0-0');
        const found = await connection.xread(
          'COUNT',
          readCount,
          'BLOCK',
          block,
          'STREAMS',
          ...streams,
          ...offsets,
        );
        for (const [stream, entries] of (found ?? []) as [string, StreamEntry[]][]) {
          const partition = topic.streams.indexOf(stream);
          workers[partition]?.push(entries.map((entry) => recordOf(partition, entry)));
          from[partition] = entries.at(-1)?.[0] ?? from[partition] ?? '0-0';
        }
      }
    } catch (error) {
      // Ending it is how a blocked read is called back.
      if (!stop.aborted) throw error;
    } finally {
      stop.removeEventListener('abort', disconnect);
      disconnect();
    }
  }

  async #renew(settled: AbortSignal, lost: (error: unknown) => void): Promise<void> {
    const { lease, leaseMs, clock } = this.#options;
    for (;;) {
      await pause(clock, leaseMs / 6, settled);
      if (settled.aborted) return;
      try {
        if (!(await lease.renew())) return lost(new Error('the lease was lost'));
      } catch (error) {
        // What can't be asked may pass before the lease runs out.
        if (!lease.isHeld) return lost(error);
      }
    }
  }

  /** Waits for the handlers under way, and lets another process begin unless one still runs. */
  async #drain(): Promise<void> {
    const { lease, closeMs, clock, logger } = this.#options;
    try {
      await withTimeLimit(clock, closeMs, 'closing', Promise.all(this.#ended));
      await lease.release();
    } catch (error) {
      logger[levelOfRetry(error)](
        { err: error, ...this.#name },
        'closed without a clean hand-over; the lease will run out',
      );
    }
  }

  get #name() {
    const { topic, group } = this.#options.subscribe;
    return { topic, group };
  }
}
