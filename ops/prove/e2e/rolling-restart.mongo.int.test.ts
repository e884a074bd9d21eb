import { expect } from 'chai';
import { createTestMongo, type TestDatabase } from '@trolley/runtime/testing/suites';
import { eventually } from './eventually.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { ShopClient, type Answer, type Shopper } from './shop-client.ts';
import type { Environment } from './shop-environment.ts';
import { ShopFleet } from './shop-fleet.ts';
import type { ShopProcess } from './shop-process.ts';
import { ShopStores } from './shop-stores.ts';

const shoppers = 16;
/** Answers between two restarts, so that each happens under load. */
const meanwhile = 80;

describe('two gateways and two nodes that are restarted one after the other under load', function () {
  this.timeout(180_000);
  let mongo: TestDatabase;
  let fleet: ShopFleet;
  let stores: ShopStores;
  let around: Environment;
  const gateways = new Map<string, ShopProcess>();
  const nodes = new Map<string, ShopProcess>();
  /** As a load balancer has them: the gateways that get requests. */
  const inRotation: string[] = [];

  before(async () => {
    mongo = await createTestMongo();
    fleet = await ShopFleet.open({ MONGODB_URI: mongo.url });
    const { services, addresses } = await fleet.startServices({ SEED_STOCK: '1000000' });
    around = addresses;
    await fleet.start('events', 'relay,consumers', around);
    for (const name of ['node-1', 'node-2']) nodes.set(name, await fleet.start(name, 'node', around));
    for (const name of ['gateway-1', 'gateway-2']) await startGateway(name);
    stores = new ShopStores({
      dataDir: services.dataDir,
      postgresUrl: fleet.postgresUrl,
      mongoUri: mongo.url,
    });
  });
  after(async () => {
    await fleet.stop();
    await mongo.drop();
  });

  async function startGateway(name: string): Promise<void> {
    const gateway = await fleet.start(name, 'gateway', around);
    gateways.set(name, gateway);
    inRotation.push(gateway.client.url);
  }

  async function endInOrder(running: ShopProcess): Promise<void> {
    running.signal('SIGTERM');
    const { code, lines } = await running.ended;
    expect(code, lines.join('\n')).to.equal(0);
  }

  it('answer every request', async () => {
    const tokens = gateways.get('gateway-1')?.tokens;
    if (tokens === undefined) throw new Error('gateway-1 was not started');
    const users = await new ShopClient(inRotation, tokens).users(1, shoppers);
    const ended = new AbortController();
    const failed: string[] = [];
    const answersTo = new Map(users.map(({ id }) => [id, 0]));
    const answered = () => [...answersTo.values()].reduce((sum, count) => sum + count, 0);

    async function counted<B>({ id }: Shopper, what: string, asked: Promise<Answer<B>>): Promise<void> {
      const { status, text } = await asked;
      if (status >= 300) failed.push(`${what}: ${status} ${text}`);
      answersTo.set(id, (answersTo.get(id) ?? 0) + 1);
    }
    async function shop(user: Shopper): Promise<void> {
      for (let round = 1; !ended.signal.aborted; round++) {
        await counted(user, 'add', user.sendAdd((user.id % 5) + 1, 1));
        await counted(user, 'cart', user.send('GET', '/cart'));
        if (round % 3 === 0) await counted(user, 'checkout', user.checkout(`k-${round}`));
      }
    }
    const shopping = Promise.all(users.map(shop));
    const underLoad = () => {
      const goal = answered() + meanwhile;
      return Promise.race([
        eventually(() => answered() >= goal, `${meanwhile} more answers`, 60_000),
        shopping,
      ]);
    };
    /** Nobody waits for an answer to what was sent before. */
    const untilAllAnswered = () => {
      const before = new Map(answersTo);
      const all = () => [...answersTo].every(([id, count]) => count > (before.get(id) ?? 0));
      return Promise.race([eventually(all, 'an answer to everybody', 60_000), shopping]);
    };

    for (const [name, gateway] of [...gateways]) {
      await underLoad();
      inRotation.splice(inRotation.indexOf(gateway.client.url), 1);
      await untilAllAnswered();
      await endInOrder(gateway);
      await startGateway(name);
    }
    for (const [name, node] of [...nodes]) {
      await underLoad();
      await endInOrder(node);
      nodes.set(name, await fleet.start(name, 'node', around));
    }
    await underLoad();
    ended.abort();
    await shopping;

    expect(failed).to.deep.equal([]);
    await untilAllEnded(stores);
    await expectInvariants(stores);
  });
});
