import type { KafkaMessage } from 'kafkajs';
import type { Clock } from '../../define/clock.ts';
import { ActorError } from '../../define/errors.ts';
import type { LogPage, LogQuery, ReadRecord } from '../event-log.ts';
import { partitionOf } from '../partition-of.ts';
import { clockMarginMs, readNewest } from '../read-newest.ts';
import type { KafkaClient } from './kafka-client.ts';
import { clusterOf, fetchFrom, type KafkaCluster } from './kafka-cluster.ts';
import { KafkaOnDemand } from './kafka-on-demand.ts';
import type { KafkaTopics } from './kafka-topics.ts';

export interface KafkaReaderOptions {
  readonly openClient: () => KafkaClient;
  readonly topics: KafkaTopics;
  readonly clock: Clock;
  readonly recordOf: (partition: number, message: KafkaMessage) => ReadRecord;
}

interface Range {
  readonly first: bigint;
  /** The offset behind the last. */
  readonly end: bigint;
}

const readLimitMs = 7_000;
/** Kept of one reading backwards; of larger records there are fewer. */
const maxBytes = 4 * 1024 * 1024;

/** Reads topics without a group. */
export class KafkaReader {
  readonly #options: KafkaReaderOptions;
  readonly #cluster: KafkaOnDemand<KafkaCluster>;

  constructor(options: KafkaReaderOptions) {
    this.#options = options;
    this.#cluster = new KafkaOnDemand(options.openClient, clusterOf, options.clock);
  }

  async read(topic: string, query: LogQuery): Promise<LogPage> {
    const { topics } = this.#options;
    const { key, until } = query;
    try {
      await topics.ensure(topic);
      const ranges = await topics.ranges(topic, until === undefined ? undefined : until + clockMarginMs);
      const all = [...ranges.keys()].sort((a, b) => a - b);
      return await readNewest(query, {
        partitions: key === undefined ? all : [partitionOf(key, all.length)],
        before: (partition, offset, limit) => {
          const { first, end } = ranges.get(partition) ?? { first: 0n, end: 0n };
          const range = { first, end: offset === undefined ? end : BigInt(offset) };
          return this.#cluster.use(`reading ${topic}`, readLimitMs, (cluster, over) =>
            this.#before(topic, partition, range, limit, cluster, over),
          );
        },
      });
    } catch (cause) {
      if (cause instanceof ActorError) throw cause;
      topics.doubt(topic);
      throw new ActorError('unavailable', `topic ${topic}: the events could not be read`, { cause });
    }
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  /** Kafka reads forwards: from so far back, and from further where it has compacted what was there. */
  async #before(
    topic: string,
    partition: number,
    { first, end }: Range,
    limit: number,
    cluster: KafkaCluster,
    over: AbortSignal,
  ): Promise<ReadRecord[]> {
    for (let [to, span] = [end, BigInt(limit)]; to > first && !over.aborted; span *= 2n) {
      const from = to - span > first ? to - span : first;
      const found = await this.#between(topic, partition, from, to, cluster, over);
      if (found.length > 0) return found.reverse();
      to = from;
    }
    return [];
  }

  async #between(
    topic: string,
    partition: number,
    from: bigint,
    to: bigint,
    cluster: KafkaCluster,
    over: AbortSignal,
  ): Promise<ReadRecord[]> {
    const records: ReadRecord[] = [];
    let bytes = 0;
    for (let offset = from; offset < to && !over.aborted;) {
      const { messages, next } = await fetchFrom(cluster, topic, partition, offset);
      for (const message of messages) {
        if (BigInt(message.offset) >= to) break;
        records.push(this.#options.recordOf(partition, message));
        bytes += message.value?.length ?? 0;
      }
      for (; bytes > maxBytes && records.length > 1; records.shift()) bytes -= records[0]?.value.length ?? 0;
      if (next === offset) break;
      offset = next;
    }
    return records;
  }
}
