import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Consumer, untilCommitted } from '../testing/suites/event-consumer.ts';
import { describeEventLog } from '../testing/suites/event-log.suite.ts';
import { eventDeadLetters } from './event-dead-letters.ts';
import type { LogEvent, LogRecord } from './event-log.ts';
import { partitionOf } from './partition-of.ts';
import { messagesIn, onAdmin, plainKafka, TestKafkaLog } from '../testing/kafka/test-kafka-log.ts';

describeEventLog<TestKafkaLog>('Kafka', () => {
  const scope = randomUUID();
  const opened: TestKafkaLog[] = [];
  let topics = 0;
  return Promise.resolve({
    open: () => {
      const log = new TestKafkaLog({ scope });
      opened.push(log);
      return Promise.resolve(log);
    },
    crash: (log) => Promise.resolve(log.die()),
    topic: () => Promise.resolve(`topic-${++topics}-${scope}`),
    groupOf: (group) => `${group}-${scope}`,
    assembled: (group, members) =>
      onAdmin(async (admin) => {
        const isAssembled = async () => {
          const { groups } = await admin.describeGroups([`${group}-${scope}`]);
          return groups[0]?.state === 'Stable' && groups[0].members.length === members;
        };
        // While the group is new, its coordinator may not know of it.
        while (!(await isAssembled().catch(() => false)))
          await new Promise((resolve) => setImmediate(resolve));
      }),
    close: async () => {
      await Promise.all(opened.map((log) => log.close()));
    },
  });
});

describe('KafkaEventLog', () => {
  let topic: string;
  let log: TestKafkaLog;
  let consumer: Consumer;

  beforeEach(() => {
    const scope = randomUUID();
    topic = `topic-${scope}`;
    log = new TestKafkaLog({ scope });
    consumer = new Consumer();
  });
  afterEach(() => log.close());

  const eventOf = (id: string, key = 'a'): LogEvent => ({
    ...{ id, key, type: 'Counted', value: `{"id":"${id}"}` },
    headers: { ce_id: id, traceparent: '00-1' },
  });
  const subscribe = (handle?: (record: LogRecord) => Promise<void>) =>
    log.subscribe({
      topic,
      group: 'readers',
      handle: async (record) => {
        await consumer.handle(record);
        await handle?.(record);
      },
    });
  const untilSeen = (id: string) => consumer.until((seen) => seen.some((record) => record.id === id));
  const eventually = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
  };

  const topicsMade = () =>
    onAdmin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic, `${topic}.dlq`] });
      return Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]));
    });

  it('makes the topic and its dead letters before it appends', async () => {
    await log.append(topic, [eventOf('1')]);
    expect(await topicsMade()).to.deep.equal({ [topic]: 6, [`${topic}.dlq`]: 6 });
  });

  it('makes them before it consumes, too', async () => {
    const subscription = await subscribe();
    expect(await subscription.lag()).to.equal(0);
    expect(await topicsMade()).to.deep.equal({ [topic]: 6, [`${topic}.dlq`]: 6 });
  });

  it('leaves a topic that is there as it is', async () => {
    await onAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }));
    await log.append(topic, [eventOf('1')]);
    expect(await topicsMade()).to.deep.equal({ [topic]: 2, [`${topic}.dlq`]: 6 });
  });

  it('uses partitions that are added, for what is appended and for what is read', async () => {
    await log.close();
    log = new TestKafkaLog({ scope: randomUUID(), metadataMs: 300 });
    await onAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }));
    await subscribe();
    await log.append(topic, [eventOf('before', 'a')]);
    await untilSeen('before');
    await onAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] }));
    const partition = partitionOf('b', 6);
    expect(partition).not.to.equal(0);
    // Until the producer has looked.
    for (let i = 0; !consumer.seen.some((record) => record.partition === partition); i++) {
      await log.append(topic, [eventOf(`after ${i}`, 'b')]);
      await untilSeen(`after ${i}`);
    }
  });

  it('knows a topic that keeps only the last event of each key', async () => {
    expect(await log.isCompacted(topic)).to.equal(false);
    const compacted = `${topic}.compacted`;
    const configEntries = [{ name: 'cleanup.policy', value: 'compact,delete' }];
    await onAdmin((admin) => admin.createTopics({ topics: [{ topic: compacted, configEntries }] }));
    expect(await log.isCompacted(compacted)).to.equal(true);
  });

  it('is ready where its topic can be written to, which it makes', async () => {
    await log.check(topic);
    expect(await topicsMade()).to.have.property(topic, 6);
    await onAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    await eventually(() =>
      log.check(topic).then(
        () => false,
        () => true,
      ),
    ); // Once, then it is made anew.
    await eventually(() =>
      log.check(topic).then(
        () => true,
        () => false,
      ),
    );
    log.die();
    expect(await log.check(topic).catch(() => 'not ready')).to.equal('not ready');
  });

  it('writes what other programs read: key, value, headers', async () => {
    await log.append(topic, [eventOf('1', 'ä')]);
    const [message] = await messagesIn(topic);
    expect(message?.key?.toString()).to.equal('ä');
    expect(message?.value?.toString()).to.equal('{"id":"1"}');
    const headers = Object.entries(message?.headers ?? {}).map(([name, value]) => [name, String(value)]);
    expect(Object.fromEntries(headers)).to.deep.equal({
      event_id: '1',
      event_type: 'Counted',
      ce_id: '1',
      traceparent: '00-1',
    });
  });

  it('puts a key where the other logs put it', async () => {
    const keys = Array.from({ length: 40 }, (_, n) => `user ${n} ä`);
    await log.append(
      topic,
      keys.map((key) => eventOf(key, key)),
    );
    await subscribe();
    await consumer.until((seen) => seen.length === keys.length);
    for (const { key, partition } of consumer.seen) expect(partition, key).to.equal(partitionOf(key, 6));
  });

  it('hands a strange message to the consumer, who can reject it with its bytes', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    const producer = plainKafka().producer({ createPartitioner: () => () => 3 });
    await log.append(topic, [eventOf('1')]);
    await producer.connect();
    const headers = { binary: bytes, twice: ['1', '2'] };
    await producer.send({ topic, messages: [{ value: bytes, headers }, { value: null }] });
    await producer.disconnect();
    const subscription = await subscribe(async (record) => {
      if (record.id !== '1') await log.reject(topic, record, 'not understood');
    });
    await consumer.until((seen) => seen.length === 3);
    await untilCommitted(subscription);
    const strange = consumer.seen.filter(({ id }) => id !== '1');
    expect(strange.map(({ id, key, type }) => ({ id, key, type }))).to.deep.equal([
      { id: '3-0', key: '', type: '' },
      { id: '3-1', key: '', type: '' },
    ]);
    expect(strange[0]?.headers['twice']).to.equal('2');
    const letters = await messagesIn(`${topic}.dlq`);
    expect(letters.map(({ key }) => key)).to.deep.equal([null, null]);
    expect(letters.map(({ value }) => value)).to.deep.equal([bytes, null]);
    expect(letters[0]?.headers).to.deep.include({ binary: bytes, reason: Buffer.from('not understood') });

    const dead = eventDeadLetters(log, topic);
    const [letter] = (await dead.list({ eventId: strange[0]?.id })).items;
    await dead.replay(letter!);
    await consumer.until((seen) => seen.filter(({ id }) => id === letter?.record.id).length === 2);
    const again = (await messagesIn(topic)).filter(({ headers }) => headers?.['binary'] !== undefined).at(-1);
    expect(again).to.deep.include({ key: null, value: bytes });
    expect(again?.headers).to.deep.include({ binary: bytes }).and.not.have.property('reason');
  });

  it('goes on after its connections were cut', async () => {
    const subscription = await subscribe();
    for (let round = 0; round < 3; round++) {
      await log.append(topic, [eventOf(`before-${round}`)]);
      await untilSeen(`before-${round}`);
      log.cut();
      await log.append(topic, [eventOf(`after-${round}`)]);
      await untilSeen(`after-${round}`);
    }
    await untilCommitted(subscription);
  });

  it('makes the topic anew after it was deleted, and goes on', async () => {
    const subscription = await subscribe();
    await log.append(topic, [eventOf('1')]);
    await untilCommitted(subscription);
    await onAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    await eventually(() =>
      log.append(topic, [eventOf('2')]).then(
        () => true,
        () => false,
      ),
    );
    await untilSeen('2');
    await untilCommitted(subscription);
  });

  it('asks for no time in the past, of which newer versions of Node warn', async () => {
    const { setTimeout: real } = globalThis;
    const delays: (number | undefined)[] = [];
    const listening = (run: () => void, ms?: number, ...args: []) => {
      delays.push(ms);
      return real(run, ms, ...args);
    };
    globalThis.setTimeout = Object.assign(listening, real);
    try {
      const subscription = await subscribe();
      await log.append(topic, [eventOf('1')]);
      await untilCommitted(subscription);
    } finally {
      globalThis.setTimeout = real;
    }
    expect(delays).to.not.be.empty;
    expect(delays.filter((ms) => ms !== undefined && ms < 0)).to.deep.equal([]);
  });

  it('closes although a handler never ends', async () => {
    await subscribe(() => new Promise<never>(() => {}));
    await log.append(topic, [eventOf('1')]);
    await untilSeen('1');
    await log.close();
  });

  it('closes while Kafka can not be reached', async () => {
    await subscribe();
    await log.append(topic, [eventOf('1')]);
    await untilSeen('1');
    log.die();
    await log.close();
  });
});
