import type { EachBatchPayload, KafkaMessage, Message } from 'kafkajs';
import type { Clock } from '../define/clock.ts';
import { ActorError } from '../define/errors.ts';
import type { Logger } from '../observe/logger.ts';
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
import { openKafkaClient, type KafkaConnection } from './kafka/kafka-client.ts';
import { consumptionOf } from './kafka/kafka-consumption.ts';
import { deadLetterOf, messageOf, messageOfLetter, recordOf } from './kafka/kafka-messages.ts';
import { KafkaProducer } from './kafka/kafka-producer.ts';
import { KafkaReader } from './kafka/kafka-reader.ts';
import { KafkaSubscription } from './kafka/kafka-subscription.ts';
import { deadLetterTopic, KafkaTopics } from './kafka/kafka-topics.ts';

export interface KafkaEventLogOptions extends KafkaConnection {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Numbers in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  /** Of a topic that is missing and made here; one that is there stays as it is. Default: 6. */
  readonly partitions?: number;
  /** Of a topic that is made here; dead letters are kept. Default: 7 days. */
  readonly retentionMs?: number;
  /** How long a silent consumer keeps its partitions from others. Default: 6,000, the least that Kafka takes. */
  readonly sessionMs?: number;
  /** How often to look for new partitions and leaders. Default: 5,000. */
  readonly metadataMs?: number;
  /** For one sending to Kafka; an append fails within twice that. Default: 8,000. */
  readonly sendLimitMs?: number;
  /** How long `close` waits for handlers. Default: 10,000. */
  readonly closeMs?: number;
}

const day = 86_400_000;

/** The event log on Kafka: the members of a group share its partitions, and Kafka keeps what they have committed. */
export class KafkaEventLog implements EventLog {
  readonly #options: Required<Omit<KafkaEventLogOptions, keyof KafkaConnection>>;
  readonly #openClient: () => ReturnType<typeof openKafkaClient>;
  readonly #topics: KafkaTopics;
  readonly #producer: KafkaProducer;
  readonly #reader: KafkaReader;
  readonly #subscriptions = new Set<KafkaSubscription>();
  /** What a record was read from: a value that is not even text must reach the dead letters whole. */
  readonly #read = new WeakMap<LogRecord, KafkaMessage>();

  constructor(options: KafkaEventLogOptions) {
    this.#options = {
      random: Math.random,
      partitions: 6,
      retentionMs: 7 * day,
      sessionMs: 6_000,
      metadataMs: 5_000,
      sendLimitMs: 8_000,
      closeMs: 10_000,
      ...options,
    };
    const { clock, partitions, retentionMs, sendLimitMs, metadataMs, logger } = this.#options;
    this.#openClient = () => openKafkaClient(options, logger);
    const openClient = this.#openClient;
    this.#topics = new KafkaTopics({ openClient, clock, partitions, retentionMs });
    this.#producer = new KafkaProducer({ openClient, clock, topics: this.#topics, sendLimitMs, metadataMs });
    this.#reader = new KafkaReader({
      ...{ openClient, clock, topics: this.#topics },
      recordOf: (partition, message) => {
        const record = { ...recordOf(partition, message), appendedAt: Number(message.timestamp) };
        this.#read.set(record, message);
        return record;
      },
    });
  }

  /**
   * Tells until when, in milliseconds since the epoch, what was appended to the topic has been consumed by the group;
   * the more exactly, the more often it is asked.
   */
  consumption(topic: string, group: string): () => Promise<number> {
    return consumptionOf(() => this.#topics.positions(topic, group), this.#options.clock);
  }

  async lag(topic: string, group: string): Promise<PartitionLag[]> {
    await this.#topics.ensure(topic);
    return this.#topics.lag(topic, group);
  }

  read(topic: string, query: LogQuery = {}): Promise<LogPage> {
    return this.#reader.read(topic, query);
  }

  /** Rejects when Kafka does not answer, or does not let this process in. */
  ping(): Promise<void> {
    return this.#topics.ping();
  }

  /** Rejects when the topic, made where it is missing, can't be written to: a partition of it has no leader. */
  check(topic: string): Promise<void> {
    return this.#topics.check(topic);
  }

  /** Whether Kafka keeps only the last event of each key of the topic, which is made where it is missing. */
  isCompacted(topic: string): Promise<boolean> {
    return this.#topics.isCompacted(topic);
  }

  /** @throws ActorError `unavailable`: some, all or none may have been appended */
  append(topic: string, events: readonly LogEvent[]): Promise<void> {
    return this.#append(topic, events.map(messageOf));
  }

  subscribe(subscribe: SubscribeOptions): Promise<Subscription> {
    const { clock, random, logger, sessionMs, metadataMs, closeMs } = this.#options;
    const subscription = new KafkaSubscription({
      ...{ subscribe, sessionMs, metadataMs, closeMs, clock, random, logger },
      openClient: this.#openClient,
      topics: this.#topics,
      recordOf: (batch) => this.#recordsOf(batch),
    });
    this.#subscriptions.add(subscription);
    return Promise.resolve(subscription);
  }

  async reject(topic: string, record: LogRecord, reason: string): Promise<void> {
    this.#options.logger.error(
      { topic, reason, eventId: record.id, partition: record.partition, offset: record.offset },
      'an event was rejected',
    );
    await this.#append(deadLetterTopic(topic), [deadLetterOf(record, reason, this.#read.get(record))]);
  }

  replay(topic: string, letter: LogRecord): Promise<void> {
    return this.#append(topic, [messageOfLetter(letter, this.#read.get(letter))]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await Promise.all([this.#producer.close(), this.#reader.close(), this.#topics.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #append(topic: string, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    try {
      await this.#producer.append(topic, messages);
    } catch (cause) {
      throw new ActorError('unavailable', `topic ${topic}: the events could not be appended`, { cause });
    }
  }

  #recordsOf({ partition, messages }: EachBatchPayload['batch']): LogRecord[] {
    return messages.map((message) => {
      const record = recordOf(partition, message);
      this.#read.set(record, message);
      return record;
    });
  }
}
