import kafkajs, { type Admin, type ITopicConfig, type KafkaJSProtocolError } from 'kafkajs';
import { pause, type Clock } from '../../define/clock.ts';
import type { PartitionLag } from '../event-log.ts';
import { KafkaOnDemand } from './kafka-on-demand.ts';
import { shortRetry, type KafkaClient } from './kafka-client.ts';

export interface KafkaTopicsOptions {
  readonly openClient: () => KafkaClient;
  readonly clock: Clock;
  /** Of a topic that is made here. */
  readonly partitions: number;
  readonly retentionMs: number;
}

export interface PartitionPosition {
  readonly partition: number;
  /** The offset that the next record will have. */
  readonly end: bigint;
  /** The offset that the group has come to; `end` when it has everything. */
  readonly next: bigint;
}

const deadLetters = '.dlq';
const cleanupPolicy = 'cleanup.policy';
const askLimitMs = 7_000;
const askAgainMs = 50;

export function deadLetterTopic(topic: string): string {
  return `${topic}${deadLetters}`;
}

/** The topics, and how far groups have come in them. */
export class KafkaTopics {
  readonly #options: KafkaTopicsOptions;
  readonly #admin: KafkaOnDemand<Admin>;
  readonly #ensured = new Map<string, Promise<void>>();

  constructor(options: KafkaTopicsOptions) {
    this.#options = options;
    const { openClient, clock } = options;
    this.#admin = new KafkaOnDemand(openClient, (kafka) => kafka.admin({ retry: shortRetry }), clock);
  }

  /** Rejects when Kafka does not answer, or does not let this client in. */
  async ping(): Promise<void> {
    await this.#admin.use('Kafka', askLimitMs, (admin) => admin.describeCluster());
  }

  /** Rejects when a partition of the topic has no leader. */
  async check(topic: string): Promise<void> {
    await this.ensure(topic);
    try {
      const { topics } = await this.#admin.use(`the leaders of ${topic}`, askLimitMs, (admin) =>
        admin.fetchTopicMetadata({ topics: [topic] }),
      );
      const partitions = topics.flatMap((each) => each.partitions);
      const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => partitionId);
      if (leaderless.length > 0)
        throw new Error(`${topic}: no leader of the partitions ${leaderless.join()}`);
    } catch (error) {
      this.#ensured.delete(topic);
      throw error;
    }
  }

  /** Whether Kafka keeps only the last event of each key. */
  async isCompacted(topic: string): Promise<boolean> {
    await this.ensure(topic);
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [cleanupPolicy] };
    const { resources } = await this.#admin.use(`the settings of ${topic}`, askLimitMs, (admin) =>
      admin.describeConfigs({ resources: [resource], includeSynonyms: false }),
    );
    return resources
      .flatMap(({ configEntries }) => configEntries)
      .some(({ configName, configValue }) => configName === cleanupPolicy && configValue.includes('compact'));
  }

  /** Makes the topic and its dead letters where they are missing; looks only once. */
  ensure(topic: string): Promise<void> {
    let ensured = this.#ensured.get(topic);
    if (ensured === undefined) {
      ensured = this.#ensure(topic);
      ensured.catch(() => this.#ensured.delete(topic));
      this.#ensured.set(topic, ensured);
    }
    return ensured;
  }

  /** Something failed there: the topic may have been deleted, or the connection be dead. */
  doubt(topic: string): void {
    this.#ensured.delete(topic);
    this.#admin.retire();
  }

  /** How many records of each partition the group has not committed. */
  async lag(topic: string, group: string): Promise<PartitionLag[]> {
    const positions = await this.positions(topic, group);
    return positions
      .map(({ partition, end, next }) => ({ partition, records: Number(end - next) }))
      .sort((a, b) => a.partition - b.partition);
  }

  /**
   * By partition the first offset, and that behind the last record.
   *
   * @param until leaves out what was appended then or later, milliseconds since the epoch
   */
  ranges(topic: string, until: number | undefined) {
    return this.#admin.use(`the offsets of ${topic}`, askLimitMs, async (admin, over) => {
      const all = await this.#ask(() => admin.fetchTopicOffsets(topic), over);
      const ends =
        until === undefined
          ? []
          : await this.#ask(() => admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, until)), over);
      return new Map(
        all.map(({ partition, low, high }) => {
          const end = ends.find((each) => each.partition === partition)?.offset ?? high;
          return [partition, { first: BigInt(low), end: BigInt(end) }] as const;
        }),
      );
    });
  }

  /** How far a topic goes, and where the group goes on. */
  positions(topic: string, group: string): Promise<PartitionPosition[]> {
    return this.#admin.use(`the offsets of ${group}`, askLimitMs, async (admin, over) => {
      const ends = await this.#ask(() => admin.fetchTopicOffsets(topic), over);
      const [offsets] = await this.#ask(() => admin.fetchOffsets({ groupId: group, topics: [topic] }), over);
      const committed = new Map(
        offsets?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]),
      );
      return ends.map(({ partition, low, high }) => {
        const [first, end, next] = [BigInt(low), BigInt(high), committed.get(partition) ?? -1n];
        // Nothing was committed yet, or what comes next was dropped, or the topic lost what was committed.
        return { partition, end, next: next < first ? first : next > end ? end : next };
      });
    });
  }

  close(): Promise<void> {
    return this.#admin.close();
  }

  #ensure(topic: string): Promise<void> {
    const wanted = topic.endsWith(deadLetters) ? [topic] : [topic, deadLetterTopic(topic)];
    return this.#admin.use(`the topic ${topic}`, askLimitMs, async (admin, over) => {
      const present = new Set(await admin.listTopics());
      const missing = wanted.filter((each) => !present.has(each));
      if (missing.length === 0) return;
      // Its own waiting takes a broker that does not know of the topic yet for a failure.
      const topics = missing.map((each) => this.#configOf(each));
      await admin.createTopics({ topics, waitForLeaders: false });
      for (const each of missing) await this.#ask(() => admin.fetchTopicOffsets(each), over);
    });
  }

  /** Again while a topic or a group is so new that its brokers do not know of it. */
  async #ask<R>(question: () => Promise<R>, over: AbortSignal): Promise<R> {
    for (;;) {
      try {
        return await question();
      } catch (error) {
        const { type, retriable } = error as Partial<KafkaJSProtocolError>;
        if (type === undefined || retriable !== true || over.aborted) throw error;
      }
      await pause(this.#options.clock, askAgainMs, over);
    }
  }

  /** How often a topic is replicated is for the cluster to say. */
  #configOf(topic: string): ITopicConfig {
    const { partitions, retentionMs } = this.#options;
    const keptFor = topic.endsWith(deadLetters) ? -1 : retentionMs;
    return {
      topic,
      numPartitions: partitions,
      configEntries: [{ name: 'retention.ms', value: String(keptFor) }],
    };
  }
}
