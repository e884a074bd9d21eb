import { connect, type Socket } from 'node:net';
import { Kafka, logLevel, type Admin, type KafkaMessage } from 'kafkajs';
import { systemClock } from '../../define/clock.ts';
import { silentLogger } from '../../observe/logger.ts';
import { testKafkaBrokers } from '../suites/test-servers.ts';
import type { SubscribeOptions, Subscription } from '../../events/event-log.ts';
import { KafkaEventLog, type KafkaEventLogOptions } from '../../events/kafka-event-log.ts';

export interface TestKafkaLogOptions extends Partial<KafkaEventLogOptions> {
  /** Part of the name of each group, since all tests share one Kafka. */
  readonly scope: string;
}

/** The event log as a process of its own would have it, with a line to Kafka that a test can disturb. */
export class TestKafkaLog extends KafkaEventLog {
  readonly #scope: string;
  readonly #line: TestLine;

  constructor({ scope, ...options }: TestKafkaLogOptions) {
    const line = new TestLine();
    super({
      brokers: testKafkaBrokers().split(','),
      connect: (host, port, connected) => line.connect(host, port, connected),
      clock: systemClock,
      logger: silentLogger,
      closeMs: 1_000,
      ...options,
    });
    this.#scope = scope;
    this.#line = line;
  }

  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({ ...options, group: this.groupOf(options.group) });
  }

  /** The group as Kafka knows it. */
  groupOf(group: string): string {
    return `${group}-${this.#scope}`;
  }

  /** How many records a group has not committed, in which this process takes no part. */
  async lagOf(topic: string, group: string): Promise<number> {
    return onAdmin(async (admin) => {
      const ends = await admin.fetchTopicOffsets(topic);
      const [offsets] = await admin.fetchOffsets({ groupId: this.groupOf(group), topics: [topic] });
      return ends.reduce((sum, { partition, high }) => {
        const found = offsets?.partitions.find((each) => each.partition === partition);
        return sum + Number(high) - Math.max(0, Number(found?.offset ?? 0));
      }, 0);
    });
  }

  /** Ends all connections, as Kafka would when it restarts. */
  cut(): void {
    this.#line.cut();
  }

  /** From now on what Kafka answers on these connections is not heard. */
  deafen(): void {
    this.#line.deafen();
  }

  /** Ends all connections and opens no more. */
  die(): void {
    this.#line.refuses = true;
    this.#line.cut();
  }

  /** Opens connections again. */
  revive(): void {
    this.#line.refuses = false;
  }
}

class TestLine {
  readonly #sockets = new Set<Socket>();
  refuses = false;

  connect(host: string, port: number, connected: () => void): Socket {
    if (this.refuses) throw new Error('the line is cut');
    const socket = connect({ host, port }, connected);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy(new Error('the line is cut'));
  }

  deafen(): void {
    for (const socket of this.#sockets) socket.pause();
  }
}

/** Kafka, past the event log. */
export function plainKafka(): Kafka {
  return new Kafka({ brokers: testKafkaBrokers().split(','), logLevel: logLevel.NOTHING });
}

/** Everything in a topic, by partition, as it lies there. */
export async function messagesIn(topic: string): Promise<KafkaMessage[]> {
  const kafka = plainKafka();
  const total = await highest(kafka, topic);
  const consumer = kafka.consumer({ groupId: `reader-of-${topic}-${Math.random()}`, maxWaitTimeInMs: 100 });
  const messages: { partition: number; message: KafkaMessage }[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      if (total === 0) resolve();
      const eachMessage = async ({ partition, message }: { partition: number; message: KafkaMessage }) => {
        messages.push({ partition, message });
        if (messages.length === total) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return messages.sort((a, b) => a.partition - b.partition).map(({ message }) => message);
}

/** How many records a topic has. */
export async function countIn(topic: string): Promise<number> {
  return highest(plainKafka(), topic);
}

function highest(kafka: Kafka, topic: string): Promise<number> {
  return onAdmin(async (admin) => {
    const ends = await admin.fetchTopicOffsets(topic);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  }, kafka);
}

export async function onAdmin<T>(
  question: (admin: Admin) => Promise<T>,
  kafka: Kafka = plainKafka(),
): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await question(admin);
  } finally {
    await admin.disconnect();
  }
}
