import type { Kafka, KafkaMessage } from 'kafkajs';

interface Fetched {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly messages: readonly (KafkaMessage & { readonly isControlRecord?: boolean })[];
    }[];
  }[];
}

interface Broker {
  fetch(request: {
    readonly isolationLevel: number;
    readonly maxWaitTime: number;
    readonly maxBytes: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }): Promise<Fetched>;
}

/** What is needed of kafkajs' connections to the brokers. */
export interface KafkaCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  /** Partitions by the id of the broker that leads them. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, unknown>>;
  findBroker(broker: { readonly nodeId: string }): Promise<Broker>;
}

const createCluster = 'private:Kafka:createCluster';

/**
 * kafkajs reads for members of a group alone, and to become one takes seconds, a right to the group, and leaves it
 * behind. What its own consumer reads with needs no group.
 */
export function clusterOf(kafka: Kafka): KafkaCluster {
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === createCluster);
  if (name === undefined) throw new Error('this version of kafkajs keeps its cluster elsewhere');
  const create = Reflect.get(kafka, name) as (options: object) => KafkaCluster;
  return create({ metadataMaxAge: 5_000, allowAutoTopicCreation: false });
}

const readCommitted = 1;
const waitMs = 100;
const fetchBytes = 1024 * 1024;

/** Some messages of a partition from an offset on, and the offset behind the last of them; none at its end. */
export async function fetchFrom(
  cluster: KafkaCluster,
  topic: string,
  partition: number,
  offset: bigint,
): Promise<{ readonly messages: readonly KafkaMessage[]; readonly next: bigint }> {
  await cluster.addTargetTopic(topic);
  await cluster.refreshMetadataIfNecessary();
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new Error(`${topic}: no leader of the partition ${partition}`);
  const broker = await cluster.findBroker({ nodeId });
  const from = { partition, fetchOffset: String(offset), maxBytes: fetchBytes };
  const { responses } = await broker.fetch({
    isolationLevel: readCommitted,
    maxWaitTime: waitMs,
    maxBytes: fetchBytes,
    topics: [{ topic, partitions: [from] }],
  });
  // A compressed batch comes whole.
  const found = responses
    .flatMap(({ partitions }) => partitions)
    .flatMap(({ messages }) => messages)
    .filter((message) => BigInt(message.offset) >= offset);
  const last = found.at(-1);
  return {
    messages: found.filter(({ isControlRecord }) => isControlRecord !== true),
    next: last === undefined ? offset : BigInt(last.offset) + 1n,
  };
}
