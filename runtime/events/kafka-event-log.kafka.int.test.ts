import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { systemClock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { describeEventLog } from '../testing/event-log.suite.ts';
import { testKafkaBrokers } from '../testing/test-servers.ts';
import type { SubscribeOptions, Subscription } from './event-log.ts';
import { KafkaEventLog } from './kafka-event-log.ts';

/** A process of its own to Kafka: with its own connections, which can be cut for good. */
class IsolatedLog extends KafkaEventLog {
  readonly #scope: string;
  readonly cut: () => void;

  constructor(scope: string) {
    const sockets = new Set<Socket>();
    let dead = false;
    super({
      brokers: testKafkaBrokers().split(','),
      connect: (host, port, connected) => {
        if (dead) throw new Error('this process is dead');
        const socket = connect({ host, port }, connected);
        sockets.add(socket);
        return socket;
      },
      clock: systemClock,
      logger: silentLogger,
      sessionMs: 6_000,
      closeMs: 1_000,
    });
    this.#scope = scope;
    this.cut = () => {
      dead = true;
      for (const socket of sockets) socket.destroy(new Error('this process is dead'));
    };
  }

  override subscribe(options: SubscribeOptions): Promise<Subscription> {
    return super.subscribe({ ...options, group: `${options.group}-${this.#scope}` });
  }
}

describeEventLog<IsolatedLog>('Kafka', async () => {
  const scope = randomUUID();
  const brokers = testKafkaBrokers().split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const opened: IsolatedLog[] = [];
  let topics = 0;
  return {
    open: () => {
      const log = new IsolatedLog(scope);
      opened.push(log);
      return Promise.resolve(log);
    },
    crash: (log) => Promise.resolve(log.cut()),
    topic: () => Promise.resolve(`topic-${++topics}-${scope}`),
    assembled: async (group, members) => {
      const isAssembled = async () => {
        const { groups } = await admin.describeGroups([`${group}-${scope}`]);
        return groups[0]?.state === 'Stable' && groups[0].members.length === members;
      };
      while (!(await isAssembled())) await new Promise((resolve) => setImmediate(resolve));
    },
    close: async () => {
      await Promise.all(opened.map((log) => log.close()));
      await admin.disconnect();
    },
  };
});
