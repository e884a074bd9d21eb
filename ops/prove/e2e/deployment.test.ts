import { expect } from 'chai';
import type { Checkout } from '../../../gateway/client/index.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { DeployedShop } from './deployed-shop.ts';
import { eventually } from './eventually.ts';
import type { Answer, Shopper } from './shop-client.ts';
import { portOf } from './shop-environment.ts';
import type { ShopProcess } from './shop-process.ts';

const buyers = 30;

describe('a deployment', function () {
  this.timeout(180_000);
  let shop: DeployedShop;
  let nextUser = 1;

  before(async () => {
    shop = await DeployedShop.start({
      SEED_STOCK: '100000',
      PAYMENT_DELAY_MS: '200-800',
      PAYMENT_SUCCESS_RATE: '0.8',
      PAYMENT_SEED: '7',
      RECOVERY_POLL_MS: '500',
    });
  });
  after(() => shop.stop());
  afterEach('the invariants hold', async () => {
    await untilAllEnded(shop.stores, 40_000);
    await expectInvariants(shop.stores);
  });

  async function newUsers(count: number): Promise<Shopper[]> {
    nextUser += count;
    return shop.client.users(nextUser - count, count);
  }

  /** Whose checkout completes, under whatever key. */
  async function buys(user: Shopper): Promise<Checkout> {
    for (let attempt = 1; ; attempt += 1) {
      const { status, body } = await user.checkout(`key ${attempt}`);
      expect(status, JSON.stringify(body)).to.equal(201);
      if (body.status === 'COMPLETED') return body;
    }
  }

  const hasOrder = async (user: Shopper, { checkout_id }: Checkout) =>
    (await user.shop.orders.list()).orders.some((order) => order.checkout_id === checkout_id);

  async function sells(): Promise<void> {
    const [user] = await newUsers(1);
    if (user === undefined) throw new Error('no user');
    await user.add(1, 1);
    const checkout = await buys(user);
    await eventually(() => hasOrder(user, checkout), `the order of checkout ${checkout.checkout_id}`);
    await eventually(async () => (await user.shop.cart.get()).total_items === 0, 'an empty cart');
  }

  /** The status of each answer at the health port of a process. */
  async function healthOf({ lines }: ShopProcess): Promise<string> {
    const health = `http://127.0.0.1:${portOf(lines, 'health')}/health`;
    const answers = await Promise.all(['live', 'ready'].map((what) => fetch(`${health}/${what}`)));
    return answers.map(({ status }) => status).join(' ');
  }

  it('is ready in every process', async () => {
    for (const [name, each] of shop.processes) {
      // One that starts while eleven others do may take its time to hear from all that it needs.
      await eventually(async () => (await healthOf(each)) === '200 200', `${name} is ready`);
    }
    await sells();
  });

  it('goes on with the other gateway when one is killed', async () => {
    await shop.process('gateway-1').kill();
    const [user] = await shop.process('gateway-2').client.users(nextUser++, 1);
    await user?.add(1, 1);
    expect((await user?.checkout('k'))?.status).to.equal(201);
    await shop.start('gateway-1');
    await sells();
  });

  for (const role of ['relay', 'consumers'] as const) {
    it(`goes on with the ${role} that stood by when the other is killed`, async () => {
      // Whichever of the two was at work, one of the kills hits it.
      await shop.process(`${role}-1`).kill();
      await sells();
      await shop.start(`${role}-1`);
      await shop.process(`${role}-2`).kill();
      await sells();
      await shop.start(`${role}-2`);
    });
  }

  for (const node of ['node-1', 'node-2'] as const) {
    it(`loses nothing when ${node} is killed under load: the other takes its shards`, async () => {
      const users = await newUsers(buyers);
      await Promise.all(users.map((user) => user.add((user.id % 5) + 1, 1)));
      const answers = users.map((user) => user.checkout('k'));
      await eventually(
        async () => ((await shop.stores.checkoutCounts()).get('PAYMENT_PENDING') ?? 0) >= buyers / 3,
        'a third of the payments under way',
      );
      await shop.process(node).kill();
      for (const answer of await Promise.all(answers)) expectAnswerOrLater(answer);
      // What was cut off is asked again under its key, and everybody learns what became of it.
      await Promise.all(
        users.map((user) =>
          eventually(
            async () => {
              const { status, body } = await user.checkout('k');
              return status < 300 && (body.status === 'COMPLETED' || body.status === 'FAILED');
            },
            `the end of the checkout of user ${user.id}`,
            40_000,
          ),
        ),
      );
      await untilAllEnded(shop.stores, 40_000);
      for (const user of users) {
        const bought = (await user.checkout('k')).body.status === 'COMPLETED';
        expect((await user.shop.cart.get()).total_items, `lines left to user ${user.id}`).to.equal(
          bought ? 0 : 1,
        );
      }
      await shop.start(node);
    });
  }

  it('ends in order, every process', async () => {
    const running = [...shop.processes.values()];
    for (const each of running) each.signal('SIGTERM');
    for (const [name, each] of shop.processes) {
      const { code, lines } = await each.ended;
      expect(`${name} ${code}`, lines.join('\n')).to.equal(`${name} 0`);
    }
  });
});

/** An answer, or that there is none yet. */
function expectAnswerOrLater({ status, body }: Answer<Checkout>): void {
  const wanted = status < 300 ? [201, 202] : ['503 unavailable', '504 deadline_exceeded'];
  expect(status < 300 ? status : `${status} ${body.code ?? ''}`).to.be.oneOf(wanted);
}
