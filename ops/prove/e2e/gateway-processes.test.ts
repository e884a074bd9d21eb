import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { isAlive } from '../../shop/process/process-identity.ts';
import { documentedFetch } from '../testing/documented-fetch.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { gatewaysOf, isWhole } from './gateways-of.ts';
import { temporaryDataDir } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

describe('a shop with gateways in processes of their own', function () {
  this.timeout(120_000);
  let dataDir: string;
  let shop: ShopProcess;
  before(async () => {
    dataDir = temporaryDataDir();
    shop = await start();
  });
  after(async () => {
    await shop.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = (environment = {}) =>
    ShopProcess.start({
      DATA_DIR: dataDir,
      GATEWAY_PROCESSES: '2',
      HEALTH_PORT: '0',
      SEED_STOCK: '1000',
      LOG_LEVEL: 'info',
      ...environment,
    });
  const untilWhole = (besides: readonly number[]) =>
    eventually(async () => {
      const gateways = gatewaysOf(shop.pid).filter((pid) => !besides.includes(pid));
      return gateways.length === 2 && (await isWhole(shop));
    }, 'two gateways that listen');

  it('is ready as a whole, and writes one log', async () => {
    expect(gatewaysOf(shop.pid)).to.have.length(2);
    const ready = await documentedFetch(`${shop.client.url}/health/ready`);
    const { dependencies } = (await ready.json()) as { dependencies: Record<string, string> };
    expect(ready.status).to.equal(200);
    const names = ['process', 'redis', 'postgres', 'nodes', 'carts', 'product', 'inventory', 'payment'];
    expect(dependencies).to.have.all.keys(names);
    const users = await shop.client.users(1, 8);
    await Promise.all(users.map((user) => user.add(1, 1)));
    const seen = new Set<unknown>();
    await eventually(() => {
      for (const line of shop.log) seen.add((JSON.parse(line) as { role: string }).role);
      return seen.has('gateway') && shop.log.filter((line) => line.includes('/cart/items')).length === 8;
    }, 'the request lines of both in one log');
  });

  it('tells the figures of all its processes, whichever of them is asked', async () => {
    const processesWith = (text: string, series: string) =>
      new Set(
        [...text.matchAll(new RegExp(`^${series}\\{.*process="([^"]+)"`, 'gm'))].map(([, name]) => name),
      );
    await eventually(async () => {
      const answer = await documentedFetch(`${shop.client.url}/metrics`);
      const text = await answer.text();
      const started = processesWith(text, 'process_start_time_seconds');
      const turns = processesWith(text, 'trolley_turn_duration_seconds_count');
      return started.size === 3 && turns.has('main') && !turns.has('gateway-1');
    }, 'the figures of three processes');
  });

  /** Kills these gateways, and waits until others listen in their place. */
  async function killed(...gateways: readonly number[]): Promise<void> {
    for (const pid of gateways) process.kill(pid, 'SIGKILL');
    await untilWhole(gateways);
  }

  /** A client that asks again till another gateway has started, and how often its connections broke. */
  async function patient(userId: number) {
    const { token } = await shop.client.user(userId);
    const seen = { broken: 0 };
    const client = shop.client.typed({
      token,
      maxAttempts: 100,
      checkoutTimeoutMs: 60_000,
      fetch: (url, init) =>
        documentedFetch(url, init).catch((error: unknown) => {
          seen.broken += 1;
          throw error;
        }),
    });
    return { client, seen };
  }
  const quantities = (items: readonly { readonly product_id: number; readonly quantity: number }[]) =>
    items.map(({ product_id, quantity }) => [product_id, quantity]);

  it('has each add once, and each checkout, though its gateways are killed under way', async () => {
    const users = await Promise.all(Array.from({ length: 8 }, (_, index) => patient(100 + index)));
    let over = false;
    const bought = Promise.all(
      users.map(async ({ client }) => {
        const ids: (string | undefined)[] = [];
        while (!over) {
          await client.cart.add({ product_id: 2, quantity: 1 });
          const { status, order_id } = await client.checkouts.run();
          expect(status).to.equal('COMPLETED');
          ids.push(order_id);
        }
        return ids;
      }),
    );
    // Who fails ends the test, and not only once the gateways are there.
    const meanwhile = (what: Promise<void>) => Promise.race([what, bought]);
    let ids: (string | undefined)[];
    try {
      const [first = 0] = gatewaysOf(shop.pid);
      await meanwhile(killed(first));
      // And then both at once.
      await meanwhile(killed(...gatewaysOf(shop.pid)));
    } finally {
      over = true;
      ids = (await bought).flat();
    }
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
    const orders = (await Promise.all(users.map(({ client }) => client.orders.list({ page_size: 500 })))).flatMap((page) => page.orders); // prettier-ignore
    expect(orders.map(({ id }) => id)).to.have.members(ids);
    for (const { id, items } of orders) expect(quantities(items), `order ${id}`).to.deep.equal([[2, 1]]);
    const told = shop.log.filter((line) => line.includes('a gateway process has ended'));
    expect(told).to.have.length(3);
  });

  it('has adds once that were under way when they were killed', async () => {
    const gateways = gatewaysOf(shop.pid);
    const users = await Promise.all(Array.from({ length: 8 }, (_, index) => patient(200 + index)));
    let over = false;
    let answered: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (answered = resolve));
    // Each has one under way at any moment, so that the end of the gateways breaks some.
    const adding = users.map(async ({ client }) => {
      let adds = 0;
      for (; !over && adds < 90; adds++) {
        await client.cart.add({ product_id: 2, quantity: 1 });
        answered();
      }
      return adds;
    });
    await Promise.race([first, ...adding]);
    over = true;
    const [adds] = await Promise.all([Promise.all(adding), killed(...gateways)]);
    expect(users.filter(({ seen }) => seen.broken > 0).length, 'users with a broken connection').to.be.above(
      0,
    );
    const carts = await Promise.all(users.map(({ client }) => client.cart.get()));
    expect(carts.map(({ items }) => quantities(items))).to.deep.equal(adds.map((count) => [[2, count]]));
  });

  it('ends a checkout once that was paying when they were killed', async () => {
    const { client, seen } = await patient(300);
    await client.cart.add({ product_id: 2, quantity: 1 });
    const running = client.checkouts.run({ payment_method: 'slow' });
    const pending = async () => (await client.checkouts.list({ status: 'PAYMENT_PENDING' })).checkouts[0];
    const { checkout_id: id } = await eventually(pending, 'a payment that runs');
    await killed(...gatewaysOf(shop.pid));
    const ended = await running;
    expect(seen.broken, 'broken connections').to.be.greaterThan(0);
    expect(ended).to.include({ status: 'COMPLETED', checkout_id: id, total_amount: 29.99 });
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
    expect((await client.checkouts.list()).checkouts).to.deep.equal([ended]);
    expect((await client.orders.list()).orders.map((order) => order.id)).to.deep.equal([ended.order_id]);
  });

  it('ends as a whole with its first process, also by kill -9, and starts again', async () => {
    const gateways = gatewaysOf(shop.pid);
    await shop.kill();
    await eventually(() => !gateways.some(isAlive), 'the end of the gateways');
    shop = await start();
    const again = gatewaysOf(shop.pid);
    expect(again).to.have.length(2);
    shop.signal('SIGTERM');
    const { code, lines } = await shop.ended;
    expect([code, lines.at(-1)]).to.deep.equal([0, 'Stopped.']);
    expect(again.filter(isAlive)).to.deep.equal([]);
    shop = await start();
  });

  it('says in one line why no gateway can listen', async () => {
    const taken = new URL(shop.client.url).port;
    const other = temporaryDataDir();
    try {
      const { code, lines } = await ShopProcess.run({
        DATA_DIR: other,
        GATEWAY_PROCESSES: '2',
        HTTP_PORT: taken,
      });
      expect(code).to.equal(1);
      expect(lines.filter((line) => line.startsWith('✗'))).to.have.length(1);
      expect(lines.at(-1)).to.match(new RegExp(`Port ${taken} \\(HTTP_PORT\\) is taken by `));
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });
});
