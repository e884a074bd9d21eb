import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { Cart, CheckoutWithHistory, Order } from '../../../gateway/client/index.ts';
import { documentedFetch } from '../testing/documented-fetch.ts';
import { EventFollower } from './event-follower.ts';
import { eventually } from './eventually.ts';
import { gatewaysOf, isWhole } from './gateways-of.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import type { Shopper } from './shop-client.ts';
import { temporaryDataDir } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

/** What the stream has told last is what the routes show, of everything that the user has. */
async function expectWhole(user: Shopper, follower: EventFollower, checkouts: number): Promise<void> {
  const { body: orders } = await user.send<readonly Order[]>('GET', '/orders');
  const { body: cart } = await user.send<Cart>('GET', '/cart');
  const byId = <B extends { checkout_id: string }>(all: readonly B[]) =>
    all.toSorted((one, other) => one.checkout_id.localeCompare(other.checkout_id));
  expect(byId(follower.newest<Order>('order'))).to.deep.equal(byId(orders));
  expect(follower.newest<Cart>('cart').at(-1)).to.deep.equal(cart);
  const told = follower.newest<CheckoutWithHistory>('checkout');
  expect(told.map(({ status }) => status)).to.deep.equal(Array(checkouts).fill('COMPLETED'));
  for (const each of told)
    expect((await user.send('GET', `/checkout/${each.checkout_id}`)).body).to.deep.equal(each);
}

const untilWhole = (user: Shopper, follower: EventFollower, checkouts: number) => {
  let why: unknown;
  return eventually(
    () =>
      expectWhole(user, follower, checkouts).then(
        () => true,
        (error: unknown) => {
          why = error;
          return false;
        },
      ),
    () => `all that was bought in the events of user ${user.id}: ${String(why)}`,
  );
};

describe('events of a user', function () {
  this.timeout(120_000);

  const followers: EventFollower[] = [];
  afterEach(() => Promise.all(followers.splice(0).map((each) => each.stop())));

  describe('in a shop', () => {
    let shop: RunningShop;
    before(async () => (shop = await startShop({ SEED_STOCK: '1000' })));
    after(() => shop.stop());

    async function follow(id: number) {
      const user = await shop.client.user(id);
      const follower = new EventFollower(() => shop.client.url, user);
      followers.push(follower);
      await follower.ready;
      return { user, follower };
    }

    it('tell of a cart, its checkout and its order, and of what becomes of the order', async () => {
      const { user, follower } = await follow(1);
      const other = await follow(2);
      await user.add(1, 2);
      const { body } = await user.checkout('k');
      await untilWhole(user, follower, 1);
      const admin = await shop.client.user(99, 'admin');
      const [order] = (await user.send<readonly Order[]>('GET', '/orders')).body;
      await admin.shop.orders.setStatus(order?.id ?? '', 'PROCESSING');
      await eventually(() => follower.newest<Order>('order')[0]?.status === 'PROCESSING', 'the new status');
      await user.shop.orders.cancel(order?.id ?? '');
      await untilWhole(user, follower, 1);
      expect(follower.newest<Order>('order')[0]).to.include({
        status: 'CANCELLED',
        checkout_id: body.checkout_id,
      });
      expect(other.follower.events.map(({ event }) => event)).to.deep.equal(['cart']);
    });

    it('tell of a checkout that is refused its payment', async () => {
      const { user, follower } = await follow(3);
      await user.add(1, 1);
      const { body } = await user.checkout('k', { payment_method: 'card_declined' });
      expect(body.status).to.equal('FAILED');
      await eventually(
        () => follower.newest<CheckoutWithHistory>('checkout')[0]?.status === 'FAILED',
        'the end of the checkout',
      );
      const { body: shown } = await user.send('GET', `/checkout/${body.checkout_id}`);
      expect(follower.newest('checkout')).to.deep.equal([shown]);
    });

    it('come though Redis is emptied again and again, and are not taken for lost', async () => {
      const { user, follower } = await follow(4);
      const redis = new Redis(shop.redisUrl);
      for (let n = 0; n < 3; n++) {
        await redis.flushdb();
        await user.add(2, 1);
        await redis.flushdb();
        const key = `k${n}`;
        await eventually(async () => [200, 201].includes((await user.checkout(key)).status), 'the checkout');
        // What Redis loses of the event log is published again later: not what this is about.
        await eventually(() => follower.newest('order').length === n + 1, 'the order');
      }
      redis.disconnect();
      await untilWhole(user, follower, 3);
      expect(follower.events.some(({ event }) => event === 'reset')).to.equal(false);
    });
  });

  describe('over gateways that are killed', () => {
    let dataDir: string;
    let shop: ShopProcess;
    before(async () => {
      dataDir = temporaryDataDir();
      shop = await ShopProcess.start({
        DATA_DIR: dataDir,
        GATEWAY_PROCESSES: '2',
        HEALTH_PORT: '0',
        SEED_STOCK: '1000',
      });
    });
    after(async () => {
      await shop.kill();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('lose nothing: each reader has all of it in the end, and nothing goes back', async () => {
      const users = await shop.client.users(1, 6);
      followers.push(...users.map((user) => new EventFollower(() => shop.client.url, user)));
      await Promise.all(followers.map(({ ready }) => ready));
      let over = false;
      const bought = users.map(async ({ token }) => {
        const { cart, checkouts } = shop.client.typed({ token });
        let count = 0;
        for (; !over; count += 1) {
          await cart.add({ product_id: 2, quantity: 1 });
          expect((await checkouts.run()).status).to.equal('COMPLETED');
          await delay(50);
        }
        return count;
      });
      // One after the other: the port stays open.
      for (const pid of gatewaysOf(shop.pid)) {
        await eventually(() => isWhole(shop), 'two gateways that listen');
        process.kill(pid, 'SIGKILL');
        await eventually(async () => !(await isWhole(shop)), 'a gateway less');
      }
      over = true;
      const counts = await Promise.all(bought);
      for (const [index, follower] of followers.entries()) {
        const [user, count] = [users[index], counts[index] ?? 0];
        if (user !== undefined) await untilWhole(user, follower, count);
      }
      // Each was cut off at least once: both gateways of the start were killed.
      expect(followers.every(({ streams }) => streams > 1)).to.equal(true);
    });

    it('end with the shop, which waits for no reader', async () => {
      const [user] = await shop.client.users(50, 1);
      if (user === undefined) throw new Error('there is a user');
      const { url } = shop.client;
      const answer = await documentedFetch(`${url}/api/v1/events`, {
        headers: { authorization: `Bearer ${user.token}` },
      });
      const whole = answer.text();
      shop.signal('SIGTERM');
      const { code, lines } = await shop.ended;
      expect([code, lines.at(-1)]).to.deep.equal([0, 'Stopped.']);
      expect(await whole).to.match(/^retry: [0-9]+\n\n/);
    });
  });
});
