import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { openGrpcClient } from '../../../actors/services/grpc/grpc.client.ts';
import { CartServiceService } from '../../../proto/gen/cart/cart.ts';
import { CheckoutServiceService } from '../../../proto/gen/checkout/checkout.ts';
import { OrdersServiceService } from '../../../proto/gen/orders/orders.ts';
import { documentedFetch } from '../testing/documented-fetch.ts';
import { startPrivatePostgres, startPrivateRedis, type PrivateServer } from '../testing/test-servers.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import type { Answer, Shopper } from './shop-client.ts';
import { portOf, temporaryDataDir, type Environment } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';
import { ShopStores } from './shop-stores.ts';

const settings: Environment = {
  SEED_STOCK: '100000',
  PAYMENT_DELAY_MS: '100-300',
  RECOVERY_POLL_MS: '500',
  REQUEST_TIMEOUT_MS: '5000',
  HEALTH_PORT: '0',
};

/** Users who buy one thing after the other until they are told to stop. */
class Load {
  readonly keys: { readonly user: Shopper; readonly key: string; readonly accepted: boolean }[] = [];
  refused = 0;
  #stopped = false;
  readonly #ended: Promise<unknown>;

  constructor(users: readonly Shopper[]) {
    this.#ended = Promise.all(users.map((user) => this.#buy(user)));
  }

  /** Resolves when everybody has the answer to the last thing asked; fails when one was no answer at all. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  async #buy(user: Shopper): Promise<void> {
    for (let round = 1; !this.#stopped; round += 1) {
      this.#count(await user.sendAdd((round % 5) + 1, 1));
      const key = `round ${round}`;
      const answer = await user.checkout(key);
      this.#count(answer);
      this.keys.push({ user, key, accepted: answer.status < 300 });
    }
  }

  /** What does not succeed says that it may be tried again: 503 with when, or 504. An empty cart is one already sold. */
  #count({ status, headers, body }: Answer<unknown>): void {
    if (status < 300 || body.code === 'empty_cart' || body.code === 'checkout_in_progress') return;
    expect(`${status} ${body.code ?? ''}`).to.be.oneOf(['503 unavailable', '504 deadline_exceeded']);
    if (status === 503) expect(Number(headers.get('retry-after'))).to.be.at.least(1);
    this.refused += 1;
  }
}

function failing({ body, status }: Answer<{ dependencies?: Readonly<Record<string, string>> }>): string[] {
  const names = Object.entries(body.dependencies ?? {}).filter(([, health]) => health !== 'ok');
  expect(status).to.equal(names.length === 0 ? 200 : 503);
  return names.map(([name]) => name);
}

/** What is not ready, once the gateway and the health port agree about it. */
async function notReady(gateway: string, lines: readonly string[]): Promise<string> {
  const health = `http://127.0.0.1:${portOf(lines, 'health')}/health/ready`;
  const [one, other] = await Promise.all(
    [documentedFetch(`${gateway}/health/ready`), fetch(health)].map(async (asked) => {
      const answer = await asked;
      return failing({ status: answer.status, body: await answer.json() } as Answer<object>).join(', ');
    }),
  );
  return one === other && one !== undefined ? one : 'not the same at both';
}

const facades = { cart: CartServiceService, checkout: CheckoutServiceService, orders: OrdersServiceService };

/** The façades whose `grpc.health.v1` says that they serve. */
async function serving(lines: readonly string[]): Promise<string> {
  const found: string[] = [];
  for (const [name, definition] of Object.entries(facades)) {
    const address = `127.0.0.1:${portOf(lines, `${name} gRPC façade`)}`;
    const client = openGrpcClient<object>(definition, { address });
    await client.check().then(
      () => found.push(name),
      () => undefined,
    );
    client.close();
  }
  return found.join(', ');
}

const allFacades = 'cart, checkout, orders';

/** Changes settings of a server, for sessions to come and those that there are. */
async function setUp(url: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const [name, value] of Object.entries(settings)) {
    await client.query(`ALTER SYSTEM SET ${name} = ${value}`);
  }
  await client.query('SELECT pg_reload_conf()');
  await client.end();
}

/** Whatever was accepted is bought once, and asking again under the same key tells the same. */
async function expectWhole(stores: ShopStores, { keys }: Load): Promise<void> {
  await untilAllEnded(stores, 40_000);
  await expectInvariants(stores);
  for (const { user, key, accepted } of keys.filter((each) => each.accepted)) {
    const { status, body } = await user.checkout(key);
    expect(`${accepted} ${status}`).to.equal('true 200');
    expect(body.status).to.be.oneOf(['COMPLETED', 'FAILED']);
  }
}

describe('an outage in the middle of load', function () {
  this.timeout(120_000);
  let server: PrivateServer;
  let shop: RunningShop;
  let load: Load;

  afterEach(async () => {
    await shop.stop();
    await server.stop();
  });

  async function start(environment: Environment): Promise<void> {
    shop = await startShop({ ...settings, ...environment });
    load = new Load(await shop.client.users(1, 10));
    await eventually(
      async () => ((await shop.stores.checkoutCounts()).get('COMPLETED') ?? 0) >= 10,
      'ten checkouts under load',
    );
    expect(await notReady(shop.client.url, shop.lines)).to.equal('');
    expect(await serving(shop.lines)).to.equal(allFacades);
  }

  async function recovers(): Promise<void> {
    await eventually(async () => (await notReady(shop.client.url, shop.lines)) === '', 'readiness');
    await eventually(async () => (await serving(shop.lines)) === allFacades, 'all façades serving');
    const late = await shop.client.user(1000);
    await eventually(async () => (await late.sendAdd(1, 1)).status === 201, 'a cart that takes something');
    const bought = async () => {
      const { status, body } = await late.checkout('k');
      return status < 300 && body.status === 'COMPLETED';
    };
    await eventually(bought, 'a checkout that completes', 30_000);
  }

  it('of PostgreSQL refuses checkouts and orders, which are tried again with success once it is back', async () => {
    server = await startPrivatePostgres();
    // What others rely on is not what this shop relies on.
    await setUp(server.url, { datestyle: `'German, DMY'`, timezone: `'Asia/Kathmandu'` });
    const startedAt = Date.now();
    await start({ POSTGRES_URL: server.url });
    const user = await shop.client.user(500);
    await user.add(1, 1);

    // As after a failover, where the address still leads to the old server.
    await setUp(server.url, { default_transaction_read_only: 'on' });
    await eventually(
      async () => (await notReady(shop.client.url, shop.lines)) === 'postgres',
      'no readiness',
    );
    await eventually(() => load.refused >= 20, 'refusals under load');
    await user.shop.orders.list();
    await user.add(1, 1);
    await setUp(server.url, { default_transaction_read_only: 'off' });
    await recovers();
    expect(shop.log.filter((line) => line.includes('dead letter'))).to.deep.equal([]);

    await server.kill();
    await eventually(
      async () => (await notReady(shop.client.url, shop.lines)) === 'postgres',
      'no readiness',
    );
    await eventually(async () => (await serving(shop.lines)) === 'cart', 'only carts serving');
    const refusals: Answer<unknown>[] = [await user.checkout('k'), await user.send('GET', '/orders')];
    for (const { status, headers, body } of refusals) {
      expect(`${status} ${body.code ?? ''}`).to.equal('503 unavailable');
      expect(Number(headers.get('retry-after'))).to.be.at.least(1);
    }
    await user.add(2, 1);
    const before = load.refused;
    await eventually(() => load.refused >= before + 10, 'refusals under load');

    await server.start();
    await recovers();
    await load.stop();
    const { body } = await user.checkout('k');
    expect(body.status).to.equal('COMPLETED');
    await expectWhole(shop.stores, load);
    const [order] = (await user.shop.orders.list()).orders;
    expect(Date.parse(order?.created_at ?? '')).to.be.within(startedAt, Date.now());
  });

  it('of Redis refuses what is asked of actors, and reads of products and orders go on', async () => {
    server = await startPrivateRedis();
    await start({ REDIS_URL: server.url });
    const user = await shop.client.user(500);

    // It answers, and takes no writes.
    const admin = new Redis(server.url);
    await admin.config('SET', 'min-replicas-to-write', '1');
    await eventually(async () => (await notReady(shop.client.url, shop.lines)) === 'redis', 'no readiness');
    await eventually(() => load.refused >= 10, 'refusals under load');
    await admin.config('SET', 'min-replicas-to-write', '0');
    admin.disconnect();
    await recovers();
    expect(shop.log.filter((line) => line.includes('dead letter'))).to.deep.equal([]);

    await server.kill();
    await eventually(async () => (await notReady(shop.client.url, shop.lines)) === 'redis', 'no readiness');
    await eventually(async () => (await serving(shop.lines)) === '', 'no façade serving');
    const { status, headers, body } = await user.sendAdd(1, 1);
    expect(`${status} ${body.code ?? ''}`).to.equal('503 unavailable');
    expect(Number(headers.get('retry-after'))).to.be.at.least(1);
    await user.shop.products.list();
    await user.shop.orders.list();
    const before = load.refused;
    await eventually(() => load.refused >= before + 10, 'refusals under load');

    await server.start();
    await recovers();
    await load.stop();
    await expectWhole(shop.stores, load);
  });
});

describe('an outage of the services in the middle of load', function () {
  this.timeout(120_000);

  it('is waited for by checkouts, and told by everything else', async () => {
    const dataDir = temporaryDataDir();
    const roles = { ROLES: 'product,inventory,payment', DATA_DIR: dataDir };
    let services = await ShopProcess.start({ ...settings, ...roles });
    const ports = Object.fromEntries(
      ['PRODUCT', 'INVENTORY', 'PAYMENT'].map((name) => [
        `${name}_PORT`,
        String(portOf(services.lines, `${name.toLowerCase()} service`)),
      ]),
    );
    const addresses = Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [
        name.replace('_PORT', '_SERVICE_ADDR'),
        `127.0.0.1:${port}`,
      ]),
    );
    const shop = await startShop({ ...settings, ...addresses, ROLES: 'gateway,node,relay,consumers,grpc' });
    const stores = new ShopStores({ ...shop.places, elsewhere: { inventory: dataDir, payment: dataDir } });
    try {
      const load = new Load(await shop.client.users(1, 10));
      const counts = () => stores.checkoutCounts();
      await eventually(
        async () => ((await counts()).get('COMPLETED') ?? 0) >= 10,
        'ten checkouts under load',
      );

      await services.kill();
      const gone = 'product, inventory, payment';
      await eventually(async () => (await notReady(shop.client.url, shop.lines)) === gone, 'no readiness');
      const user = await shop.client.user(500);
      const { status, headers, body } = await user.send('GET', '/products');
      expect(`${status} ${body.code ?? ''}`).to.equal('503 unavailable');
      expect(Number(headers.get('retry-after'))).to.be.at.least(1);
      await user.add(2, 1);
      const waiting = user.checkout('k');

      services = await ShopProcess.start({ ...settings, ...roles, ...ports });
      await eventually(async () => (await notReady(shop.client.url, shop.lines)) === '', 'readiness');
      expect((await waiting).status).to.be.oneOf([201, 202]);
      await eventually(async () => (await user.checkout('k')).body.status === 'COMPLETED', 'its checkout');
      await load.stop();
      await expectWhole(stores, load);
    } finally {
      await shop.stop();
      await services.kill();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

describe('the log of an outage', function () {
  this.timeout(60_000);

  for (const [what, variable, startServer] of [
    ['redis', 'REDIS_URL', startPrivateRedis],
    ['postgres', 'POSTGRES_URL', startPrivatePostgres],
  ] as const) {
    it(`of ${what} is a line when it is lost and a line when it is back`, async () => {
      const server = await startServer();
      const shop = await startShop({
        ROLES: 'product,inventory,payment,node,relay,consumers',
        LOG_LEVEL: 'info',
        [variable]: server.url,
      });
      // Who takes up work says so, also after the outage.
      const atWork = /"(relaying the outbox|consuming)"/;
      const begun = () => shop.log.filter((line) => atWork.test(line)).length === 3;
      await eventually(begun, 'the relay and both consumers at work');
      const before = shop.log.length;
      const fresh = () => shop.log.slice(before).filter((line) => !atWork.test(line));
      const told = () => fresh().map((line) => JSON.parse(line) as { msg: string });
      const says = (start: string) => () => told().some(({ msg }) => msg.startsWith(start));
      try {
        await server.kill();
        await eventually(says('not working: '), 'the line of the loss');
        await server.start();
        await eventually(says('working again: '), 'the line of the return', 30_000);
      } finally {
        await shop.stop();
        await server.stop();
      }
      const lines = fresh();
      expect(
        told().map(({ msg }) => msg.replace(/, after \d+ s$/, '')),
        lines.join(''),
      ).to.deep.equal([`not working: ${what}`, `working again: ${what}`]);
      expect(lines.join('')).not.to.include('"stack"');
    });
  }
});
