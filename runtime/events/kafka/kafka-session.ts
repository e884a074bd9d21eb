import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs';
import { pause, type Cancel, type Clock } from '../../define/clock.ts';
import { withTimeLimit } from '../../flow/time-limit.ts';
import type { Logger } from '../../observe/logger.ts';
import type { LogRecord, SubscribeOptions } from '../event-log.ts';
import { KafkaAssignment, type NextOffset } from './kafka-assignment.ts';
import { answerLimitMs, shortRetry, type KafkaClient } from './kafka-client.ts';

export interface KafkaSessionOptions {
  readonly client: KafkaClient;
  readonly subscribe: SubscribeOptions;
  /** After so long without a sign of life Kafka gives the partitions to others. */
  readonly sessionMs: number;
  /** How often to look for new partitions and leaders. */
  readonly metadataMs: number;
  readonly recordOf: (batch: EachBatchPayload['batch']) => readonly LogRecord[];
  /** Called when it takes part in the group. */
  readonly joined: () => void;
  /** The handlers that earlier assignments left behind, by partition. This session adds its own. */
  readonly leftBehind: Map<number, Promise<void>>;
  readonly closing: AbortSignal;
  /** How long a close waits for handlers. */
  readonly closeMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const rebalanceMs = 15_000;
const fetchWaitMs = 200;
const maxBytesPerPartition = 256 * 1024;
const maxBytesPerFetch = 2 * 1024 * 1024;
const maxPartitions = 256;
/** A partition that is not done by then is left out, so that the next fetch need not wait for it. */
const promptMs = 50;
const leaveLimitMs = 5_000;

/**
 * One consumer of kafkajs, from joining its group to whatever ends it. It is never restarted: the next session has
 * a consumer of its own, and goes on at what is committed.
 *
 * A partition's position in kafkajs moves when all that was fetched is handled and committed, and until then no more
 * of it is fetched. So a rebalance, in whatever moment, finds nothing that was read ahead.
 */
export class KafkaSession {
  readonly #options: KafkaSessionOptions;
  readonly #consumer: Consumer;
  #assignment: KafkaAssignment | undefined;
  /** What was fetched last: it can commit. kafkajs' other way to commit repeats itself, in whatever generation. */
  #fetched: EachBatchPayload | undefined;
  #stopWatch: Cancel = () => {};
  readonly #leaving = new AbortController();
  #fail: (error: unknown) => void = () => {};
  readonly #failed: Promise<never>;

  constructor(options: KafkaSessionOptions) {
    const { client, subscribe, sessionMs, metadataMs } = options;
    this.#options = options;
    this.#consumer = client.kafka.consumer({
      groupId: subscribe.group,
      sessionTimeout: sessionMs,
      heartbeatInterval: sessionMs / 10,
      rebalanceTimeout: rebalanceMs,
      maxWaitTimeInMs: fetchWaitMs,
      maxBytesPerPartition,
      maxBytes: maxBytesPerFetch,
      allowAutoTopicCreation: false,
      metadataMaxAge: metadataMs,
      // Of what it can't get over by then, the next session does not know any more.
      retry: { ...shortRetry, restartOnFailure: () => Promise.resolve(false) },
    });
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined);
  }

  /** Rejects with what ended it; resolves when the subscription closes. */
  async run(): Promise<void> {
    const { closing } = this.#options;
    this.#listen();
    this.#watch();
    try {
      const stopped = new Promise<void>((resolve) => {
        if (closing.aborted) resolve();
        closing.addEventListener('abort', () => resolve(), { signal: this.#leaving.signal });
      });
      await Promise.race([this.#start().then(() => stopped), stopped, this.#failed]);
      await this.#drain();
    } finally {
      await this.#leave();
    }
  }

  #listen(): void {
    const { events } = this.#consumer;
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => this.#join(payload));
    this.#consumer.on(events.REBALANCING, () => this.#assignment?.end());
    this.#consumer.on(events.HEARTBEAT, () => {
      if (this.#assignment?.isOver === false) this.#watch();
    });
    this.#consumer.on(events.CRASH, ({ payload }) => this.#fail(payload.error));
  }

  async #start(): Promise<void> {
    const { topic } = this.#options.subscribe;
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: maxPartitions,
      eachBatch: (payload) => this.#take(payload),
    });
  }

  /** Kafka has handed the partitions out. */
  #join({ memberAssignment }: ConsumerGroupJoinEvent['payload']): void {
    const { subscribe, leftBehind, closing, clock, random, logger, joined } = this.#options;
    const { topic, group, handle } = subscribe;
    const partitions = memberAssignment[topic] ?? [];
    this.#assignment?.end();
    if (this.#leaving.signal.aborted) return;
    // What the last assignment paused is not of interest any more.
    this.#consumer.resume([{ topic }]);
    this.#assignment = new KafkaAssignment({
      ...{ partitions, handle, closing, clock, random, logger },
      commit: (offsets) => this.#commitNow(offsets),
      after: (partition) => leftBehind.get(partition),
    });
    for (const [partition, ended] of this.#assignment.ended) leftBehind.set(partition, ended);
    this.#watch();
    logger.info({ topic, group, partitions }, 'consuming');
    joined();
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    this.#fetched = payload;
    const { batch } = payload;
    const { clock, recordOf } = this.#options;
    const assignment = this.#assignment;
    const working = assignment?.work(batch.partition, recordOf(batch));
    if (assignment === undefined || working === undefined) return void payload.pause();

    const isCurrent = () => assignment === this.#assignment && !assignment.isOver;
    let takeIn = () => {};
    const finished = new AbortController();
    void working.then((whole) => {
      finished.abort();
      if (!whole || !isCurrent()) return;
      payload.resolveOffset(batch.lastOffset());
      takeIn();
    });
    await pause(clock, promptMs, finished.signal);
    if (!finished.signal.aborted && assignment === this.#assignment) takeIn = payload.pause();
  }

  async #commitNow(offsets: readonly NextOffset[]): Promise<void> {
    const { clock, subscribe } = this.#options;
    const topics = [{ topic: subscribe.topic, partitions: [...offsets] }];
    if (this.#fetched === undefined) throw new Error('nothing was fetched yet');
    const committing = this.#fetched.commitOffsetsIfNecessary({ topics });
    await withTimeLimit(clock, 2 * answerLimitMs, 'committing', committing);
  }

  /** Ends the session unless a sign of life comes in time: a heartbeat that was answered, or a new assignment. */
  #watch(): void {
    const { clock, sessionMs } = this.#options;
    const limitMs = sessionMs + rebalanceMs + answerLimitMs;
    this.#stopWatch();
    this.#stopWatch = clock.schedule(limitMs, () => {
      this.#fail(new Error(`no part in the group for ${limitMs} ms`));
    });
  }

  /** Waits for the handlers under way, and the commits of what they did. */
  async #drain(): Promise<void> {
    const { clock, closeMs, logger, subscribe } = this.#options;
    const ended = Promise.all([...(this.#assignment?.ended.values() ?? [])]);
    await withTimeLimit(clock, closeMs, 'closing', ended).catch((error: unknown) => {
      const { topic, group } = subscribe;
      logger.warn({ err: error, topic, group }, 'closed while an event was being handled');
    });
  }

  /** Gives the partitions to others at once, if Kafka can be told. */
  async #leave(): Promise<void> {
    const { client, clock, logger } = this.#options;
    this.#leaving.abort();
    this.#stopWatch();
    this.#assignment?.end();
    try {
      await withTimeLimit(clock, leaveLimitMs, 'leaving the group', this.#consumer.disconnect());
    } catch (error) {
      logger.debug({ err: error }, 'the group was left without a word');
    }
    client.destroy();
  }
}
