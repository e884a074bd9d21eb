import { expect } from 'chai';
import { Redis } from 'ioredis';
import { createTestMongo, type TestDatabase } from '@trolley/runtime/testing/suites';
import type { Cart } from '../../../gateway/client/index.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import type { Answer, Shopper } from './shop-client.ts';
import { portOf, type Environment } from './shop-environment.ts';
import { ShopFleet } from './shop-fleet.ts';
import type { ShopProcess } from './shop-process.ts';
import { ShopStores } from './shop-stores.ts';

const shoppers = 60;
const products = 5;
/** So many units a cart takes of five products. */
const room = products * 99;

type Line = Pick<Cart['items'][number], 'product_id' | 'quantity'>;

describe('two nodes that host the carts of one shop, in MongoDB', function () {
  this.timeout(120_000);
  let mongo: TestDatabase;
  let fleet: ShopFleet;
  let stores: ShopStores;
  let gateway: ShopProcess;
  let nodes: ShopProcess[];
  let users: Shopper[];
  let redis: Redis;
  let around: Environment;

  before(async () => {
    mongo = await createTestMongo();
    fleet = await ShopFleet.open({ MONGODB_URI: mongo.url });
    redis = new Redis(fleet.redisUrl);
    const { services, addresses } = await fleet.startServices({ SEED_STOCK: '100000' });
    around = { ...addresses, REQUEST_TIMEOUT_MS: '5000', RECOVERY_POLL_MS: '500', HEALTH_PORT: '0' };
    gateway = await fleet.start('gateway', 'gateway,relay,consumers', around);
    nodes = await Promise.all(['one', 'two'].map((name) => fleet.start(name, 'node', around)));
    stores = new ShopStores({
      dataDir: services.dataDir,
      postgresUrl: fleet.postgresUrl,
      mongoUri: mongo.url,
    });
    users = await gateway.client.users(1, shoppers);
  });
  after(async () => {
    redis.disconnect();
    await fleet.stop();
    await mongo.drop();
  });

  /** How many shards each node holds, fewest first. */
  async function shares(): Promise<number[]> {
    const keys = await redis.keys('{actors-*}:own');
    const owners = (await redis.mget(['none', ...keys])).flatMap((token) => token?.split('#')[0] ?? []);
    const counts = new Map<string, number>();
    for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    return [...counts.values()].sort((one, other) => one - other);
  }
  const untilShared = () =>
    eventually(async () => {
      const [fewest = 0, most = 0, ...others] = await shares();
      return fewest >= 8 && fewest + most === 64 && others.length === 0;
    }, 'two nodes with a share of all shards each');

  it('lose nothing that was acknowledged and apply nothing twice when one is killed or stands still', async () => {
    await untilShared();
    const ended = new AbortController();
    const added = new Map(users.map(({ id }) => [id, 0]));
    let acknowledged = 0;

    /** Adds unit by unit; each is sent again under its key until it is acknowledged. */
    async function shop(user: Shopper): Promise<void> {
      for (let unit = 1; unit <= room && !ended.signal.aborted; unit++) {
        const { body } = await untilAcknowledged(() => addUnit(user, unit));
        expect(quantitiesIn(body), `user ${user.id}, told of unit ${unit}`).to.deep.equal(
          quantitiesAfter(unit),
        );
        added.set(user.id, unit);
        acknowledged += 1;
      }
    }
    const shopping = Promise.all(users.map(shop));
    const afterMore = (count: number) => {
      const goal = acknowledged + count;
      const reached = eventually(() => acknowledged >= goal, `${count} more acknowledged adds`, 40_000);
      return Promise.race([reached, shopping]);
    };

    for (const [index, name] of ['one', 'two'].entries()) {
      await afterMore(400);
      await nodes[index]?.kill();
      await afterMore(200);
      nodes[index] = await fleet.start(name, 'node', around);
      await untilShared();
    }
    // It wakes with writes in hand for carts that the other one has by then.
    nodes[0]?.signal('SIGSTOP');
    await eventually(async () => (await shares()).length === 1, 'one node with all shards');
    await afterMore(400);
    nodes[0]?.signal('SIGCONT');
    await untilShared();
    await afterMore(200);
    ended.abort();
    await shopping;

    const stored = new Map((await stores.carts()).map((cart) => [cart.userId, cart.items]));
    for (const user of users) {
      const wanted = quantitiesAfter(added.get(user.id) ?? 0);
      expect(quantitiesIn(await user.shop.cart.get()), `the cart of user ${user.id}`).to.deep.equal(wanted);
      const items = (stored.get(user.id) ?? []).map(({ productId, quantity }) => ({
        product_id: productId,
        quantity,
      }));
      expect(quantitiesIn({ items }), `stored for user ${user.id}`).to.deep.equal(wanted);
    }
  });

  it('sell every cart once when one of them is killed', async () => {
    const answers = users.map((user) => untilAcknowledged(() => user.checkout('all')));
    await eventually(
      async () => ((await stores.checkoutCounts()).get('COMPLETED') ?? 0) >= 10,
      'ten purchases',
    );
    await nodes[0]?.kill();
    for (const { body } of await Promise.all(answers)) expect(body.status).to.equal('COMPLETED');
    await untilAllEnded(stores, 60_000);
    await expectInvariants(stores);
    expect(await stores.orders()).to.have.length(shoppers);
    for (const cart of await stores.carts())
      expect(cart.items, `the cart of user ${cart.userId}`).to.deep.equal([]);
  });

  it('say that they need MongoDB', async () => {
    const response = await fetch(`http://127.0.0.1:${portOf(nodes[1]?.lines ?? [], 'health')}/health/ready`);
    expect(response.status).to.equal(200);
    expect(await response.text())
      .to.include('"mongodb":"ok"')
      .and.not.include('"carts"');
  });

  it('refuse a third that would keep carts in a file', async () => {
    const refused = await fleet.start('three', 'node', { ...around, MONGODB_URI: '' }).catch(String);
    expect(refused).to.include('Another process with the role node hosts the carts of this shop.');
  });
});

const productOf = (unit: number) => 1 + (unit % products);

const addUnit = (user: Shopper, unit: number) =>
  user.send<Cart>('POST', '/cart/items', {
    json: { product_id: productOf(unit), quantity: 1 },
    headers: { 'idempotency-key': `unit-${unit}` },
  });

/** What a cart holds of each product once the first `units` are in it. */
function quantitiesAfter(units: number): ReadonlyMap<number, number> {
  const quantities = new Map<number, number>();
  for (let unit = 1; unit <= units; unit++)
    quantities.set(productOf(unit), (quantities.get(productOf(unit)) ?? 0) + 1);
  return quantities;
}

function quantitiesIn({ items }: { readonly items: readonly Line[] }): ReadonlyMap<number, number> {
  return new Map(items.map(({ product_id, quantity }) => [product_id, quantity]));
}

/** Sends it again while nobody can say what became of it. */
async function untilAcknowledged<B>(send: () => Promise<Answer<B>>): Promise<Answer<B>> {
  for (;;) {
    const answer = await send();
    if (answer.status < 300 && answer.status !== 202) return answer;
    expect(answer.status, answer.text).to.be.oneOf([202, 503, 504]);
  }
}
