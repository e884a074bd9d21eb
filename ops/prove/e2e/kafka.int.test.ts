import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Kafka, logLevel, type Admin, type KafkaMessage } from 'kafkajs';
import { partitionOf } from '@trolley/runtime/events';
import { startPrivateKafka, type PrivateServer } from '../testing/test-servers.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import type { Shopper } from './shop-client.ts';
import { ShopFleet } from './shop-fleet.ts';

const topic = 'checkout-outbox';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

type FoundMessage = KafkaMessage & { readonly partition: number };

/** Events in the topic, all partitions together. */
async function highest(admin: Admin): Promise<number> {
  const ends = await admin.fetchTopicOffsets(topic);
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}

describe('the shop with its event log on Kafka', function () {
  this.timeout(120_000);
  let kafka: PrivateServer;
  let client: Kafka;
  let admin: Admin;
  let shop: RunningShop;

  before(async () => {
    kafka = await startPrivateKafka();
    client = new Kafka({ brokers: [kafka.url], logLevel: logLevel.NOTHING });
    admin = client.admin();
    await admin.connect();
    shop = await startShop({ KAFKA_BROKERS: kafka.url, SEED_STOCK: '100000' });
  });
  after(async () => {
    await shop.stop();
    await admin.disconnect();
    await kafka.stop();
  });

  /** As another program reads the topic. */
  async function published(): Promise<FoundMessage[]> {
    const total = await highest(admin);
    const consumer = client.consumer({ groupId: `reader-${Math.random()}`, maxWaitTimeInMs: 100 });
    const found: FoundMessage[] = [];
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ partition, message }) => void found.push({ ...message, partition }),
      });
      await eventually(() => found.length >= total, `${total} events in ${topic}`);
    } finally {
      await consumer.disconnect();
    }
    return found;
  }

  it('publishes what the wire promises', async () => {
    const user = await shop.client.user(42);
    await user.add(1, 2);
    await user.add(2, 1);
    const address = { street: '1 Main Street', city: 'Springfield' };
    const { status, body } = await user.send<{ checkout_id: string }>('POST', '/checkout', {
      json: { idempotency_key: 'k', shipping_address: address },
      headers: { traceparent },
    });
    expect(status).to.equal(201);
    await eventually(async () => (await user.shop.orders.list()).orders.length === 1, 'the order');

    const messages = await published();
    expect(messages).to.have.length(1);
    const { key, value, headers = {}, partition } = messages[0]!;
    expect(key?.toString()).to.equal('42');
    expect(partition).to.equal(partitionOf('42', 6));
    const event = JSON.parse(String(value)) as Record<string, unknown>;
    const completedAt = String(event['completed_at']);
    expect(new Date(completedAt).toISOString()).to.equal(completedAt);
    expect(event['cart_version']).to.be.a('number');
    expect(event).to.deep.equal({
      checkout_id: body.checkout_id,
      user_id: '42',
      items: [
        { product_id: 1, product_name: 'Laptop', quantity: 2, unit_price: 1299.99, subtotal: 2599.98 },
        { product_id: 2, product_name: 'Mouse', quantity: 1, unit_price: 29.99, subtotal: 29.99 },
      ],
      total_amount: 2629.97,
      currency: 'USD',
      completed_at: completedAt,
      cart_version: event['cart_version'],
      shipping_address: address,
    });
    const named = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]));
    const { event_id: id, ce_time: time, traceparent: trace, ...others } = named;
    expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    expect(new Date(time ?? '').getTime()).to.be.a('number').and.not.NaN;
    expect(trace?.split('-')[1]).to.equal(traceparent.split('-')[1]);
    expect(others).to.deep.equal({
      event_type: 'CheckoutCompleted',
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: '/trolley/checkout',
      ce_type: 'CheckoutCompleted',
      'content-type': 'application/json',
    });
  });

  it('makes its topics, and consumes in the groups of the wire', async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic, `${topic}.dlq`] });
    expect(topics.map(({ partitions }) => partitions.length)).to.deep.equal([6, 6]);
    const { groups } = await admin.describeGroups(['cart-service-consumer', 'orders-service']);
    expect(groups.map(({ members }) => members.length)).to.deep.equal([1, 1]);
    for (const { groupId } of groups) {
      const committed = async () => {
        const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
        return offsets?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
      };
      await eventually(
        async () => (await committed()) === (await highest(admin)),
        `the commits of ${groupId}`,
      );
    }
  });

  it('sells while Kafka is gone, and loses or doubles no order', async () => {
    const users = await shop.client.users(1_000, 60);
    await Promise.all(users.map((user, index) => user.add((index % 5) + 1, 1)));
    const buy = async (user: Shopper) => {
      const { status, body } = await user.checkout('k');
      expect({ status, checkout: body.status }).to.deep.equal({ status: 201, checkout: 'COMPLETED' });
    };
    const early = users.slice(0, 30).map(buy);
    await eventually(async () => (await shop.stores.orders()).length >= 5, 'the first orders');
    await kafka.kill();
    await Promise.all(early);
    await Promise.all(users.slice(30).map(buy));
    const before = (await shop.stores.orders()).length;
    expect(before).to.be.lessThan(1 + users.length);

    await kafka.start();
    await untilAllEnded(shop.stores, 60_000);
    await expectInvariants(shop.stores);
    expect(await shop.stores.orders()).to.have.length(1 + users.length);
    for (const user of users) expect((await user.shop.orders.list()).orders).to.have.length(1);
    const ids = (await published()).map(({ headers }) => String(headers?.['event_id']));
    expect(new Set(ids).size, 'events by id').to.equal(1 + users.length);
  });

  it('starts only where Kafka can be used, and says so in one line', async () => {
    const failure = await startShop({ KAFKA_BROKERS: '127.0.0.1:1' }).catch((error: unknown) => error);
    expect((failure as Error).message).to.match(
      /^KAFKA_BROKERS: Kafka can't be used: 127\.0\.0\.1:1: .*(ECONNREFUSED|connection refused)/,
    );
  });
});

describe('a shop whose Kafka loses what it took', function () {
  this.timeout(120_000);
  let kafka: PrivateServer;
  let admin: Admin;
  let fleet: ShopFleet;

  before(async () => {
    kafka = await startPrivateKafka();
    admin = new Kafka({ brokers: [kafka.url], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    fleet = await ShopFleet.open({ KAFKA_BROKERS: kafka.url, RECOVERY_POLL_MS: '50' });
  });
  after(async () => {
    await fleet.stop();
    await admin.disconnect();
    await kafka.stop();
  });

  it('publishes again what is lost, and nothing for a consumer that is only late', async () => {
    const { addresses } = await fleet.startServices();
    const shop = await fleet.start('shop', 'gateway,node,relay', addresses);
    const users = await shop.client.users(1, 3);
    for (const user of users) {
      await user.add(1, 1);
      expect((await user.buy('k')).status).to.equal('COMPLETED');
    }
    // While the topic is new, its brokers may not know of it.
    await eventually(async () => (await highest(admin).catch(() => 0)) === users.length, 'the events');
    // Long enough to look for missing orders many times.
    await delay(2_000);
    expect(await highest(admin), 'events while nobody consumes').to.equal(users.length);

    await admin.deleteTopics({ topics: [topic] });
    await fleet.start('consumers', 'consumers', addresses);
    for (const user of users) {
      await eventually(
        async () => (await user.shop.orders.list()).orders.length === 1,
        `the order of user ${user.id}`,
        60_000,
      );
    }
  });
});
