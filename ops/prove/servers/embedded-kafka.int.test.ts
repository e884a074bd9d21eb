import { expect } from 'chai';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { startPrivateKafka, type PrivateServer } from '../testing/test-servers.ts';

const topic = 'kept';

describe('embedded Kafka', function () {
  this.timeout(60_000);
  let server: PrivateServer;
  before(async () => (server = await startPrivateKafka()));
  after(() => server.stop());

  const clientOf = () => new Kafka({ brokers: [server.url], logLevel: logLevel.NOTHING });

  async function ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = clientOf().admin();
    await admin.connect();
    try {
      return await question(admin);
    } finally {
      await admin.disconnect();
    }
  }

  const topics = () => ask((admin) => admin.listTopics());
  const highest = () => ask(async (admin) => (await admin.fetchTopicOffsets(topic))[0]?.high);

  async function append(): Promise<void> {
    const producer = clientOf().producer({ createPartitioner: () => () => 0, retry: { retries: 0 } });
    await producer.connect();
    try {
      await producer.send({ topic, acks: -1, messages: [{ value: 'yes' }] });
    } finally {
      await producer.disconnect();
    }
  }

  it('takes requests as soon as it has started, and makes no topics by itself', async () => {
    expect(await topics()).to.deep.equal([]);
    const refused = await append().catch((error: unknown) => error as Error);
    expect(refused).to.be.an('error');
    await ask((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }));
    expect(await topics()).to.deep.equal([topic]);
    await append();
  });

  it('keeps its port and its records when it is killed', async () => {
    await server.kill();
    await server.start();
    expect(await highest()).to.equal('1');
    await append();
    expect(await highest()).to.equal('2');
  });
});
