import type { Message, Producer, TopicMessages } from 'kafkajs';
import type { Clock } from '../../define/clock.ts';
import { Batcher } from '../../flow/batcher.ts';
import { partitionOf } from '../partition-of.ts';
import { answerLimitMs, type KafkaClient } from './kafka-client.ts';
import { KafkaOnDemand } from './kafka-on-demand.ts';
import type { KafkaTopics } from './kafka-topics.ts';

export interface KafkaProducerOptions {
  readonly openClient: () => KafkaClient;
  readonly topics: KafkaTopics;
  readonly clock: Clock;
  /** For one sending; who waits for the one before it waits twice as long at most. */
  readonly sendLimitMs: number;
  /** How often to look for new partitions and leaders. */
  readonly metadataMs: number;
}

interface Append {
  readonly topic: string;
  readonly messages: readonly Message[];
}

/** What goes in one request, and which appends are whole with it. */
interface Chunk {
  readonly topicMessages: TopicMessages[];
  readonly completes: number[];
}

/** A partition's part of a request is one batch, and Kafka refuses one of more than 1 MB. */
const maxChunkBytes = 512 * 1024;
const maxWaiting = 1_000;

/**
 * Appends with the acknowledgement of all replicas in sync, one request after the other, so that order holds.
 *
 * kafkajs numbers batches so that its own repetition of one is not appended twice. It gives the numbers of a batch
 * that has failed to the next one. If the first had reached the log after all, the next would be taken for its
 * repetition, and lost. So a producer that has failed once is never used again.
 */
export class KafkaProducer {
  readonly #options: KafkaProducerOptions;
  readonly #producer: KafkaOnDemand<Producer>;
  readonly #appends: Batcher<Append, void>;

  constructor(options: KafkaProducerOptions) {
    this.#options = options;
    this.#producer = new KafkaOnDemand(
      options.openClient,
      (kafka) =>
        kafka.producer({
          idempotent: true,
          allowAutoTopicCreation: false,
          metadataMaxAge: options.metadataMs,
          createPartitioner:
            () =>
            ({ message: { key }, partitionMetadata }) =>
              partitionOf(key?.toString() ?? '', partitionMetadata.length),
          // Again and again within the limit, and no longer: then its connections are closed.
          retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: Number.MAX_SAFE_INTEGER },
        }),
      options.clock,
    );
    let appends = 0;
    this.#appends = new Batcher({
      name: 'appending to Kafka',
      flush: (waiting) => this.#send(waiting),
      keyOf: () => String(++appends),
      maxBatch: maxWaiting,
      maxWaiting,
      maxInFlight: 1,
    });
  }

  /** Rejects when some, all or none may have been appended. */
  append(topic: string, messages: readonly Message[]): Promise<void> {
    return this.#appends.add({ topic, messages });
  }

  /** Lets what is under way come to its end, which has a limit. */
  async close(): Promise<void> {
    await this.#appends.drained();
    await this.#producer.close();
  }

  async #send(appends: readonly Append[]): Promise<PromiseSettledResult<void>[]> {
    const { topics, sendLimitMs } = this.#options;
    const whole = new Set<number>();
    let failure: unknown;
    try {
      await this.#producer.use('appending events', sendLimitMs, async (producer) => {
        for (const { topicMessages, completes } of chunksOf(appends)) {
          for (const { topic } of topicMessages) await topics.ensure(topic);
          await producer.sendBatch({ acks: -1, timeout: answerLimitMs, topicMessages });
          for (const append of completes) whole.add(append);
        }
      });
    } catch (error) {
      failure = error;
      for (const { topic } of appends) topics.doubt(topic);
    }
    return appends.map((_, append) =>
      whole.has(append) ? { status: 'fulfilled', value: undefined } : { status: 'rejected', reason: failure },
    );
  }
}

/** In the order given, over requests of bounded size. */
function* chunksOf(appends: readonly Append[]): Generator<Chunk> {
  let chunk: Chunk = { topicMessages: [], completes: [] };
  let bytes = 0;
  for (const [append, { topic, messages }] of appends.entries()) {
    for (const message of messages) {
      const size = bytesOf(message);
      if (bytes > 0 && bytes + size > maxChunkBytes) {
        yield chunk;
        chunk = { topicMessages: [], completes: [] };
        bytes = 0;
      }
      bytes += size;
      let target = chunk.topicMessages.find((each) => each.topic === topic);
      if (target === undefined) chunk.topicMessages.push((target = { topic, messages: [] }));
      target.messages.push(message);
    }
    chunk.completes.push(append);
  }
  yield chunk;
}

const overheadBytes = 32;

function bytesOf({ key, value, headers = {} }: Message): number {
  const lengthOf = (part: unknown): number =>
    Array.isArray(part)
      ? part.reduce<number>((sum, each) => sum + lengthOf(each), 0)
      : typeof part === 'string' || Buffer.isBuffer(part)
        ? Buffer.byteLength(part)
        : 0;
  const named = Object.entries(headers).map(([name, text]) => lengthOf(name) + lengthOf(text));
  return named.reduce((sum, each) => sum + each, overheadBytes + lengthOf(key) + lengthOf(value));
}
