import { rmSync } from 'node:fs';
import { expect } from 'chai';
import type { Checkout } from '../../../gateway/client/index.ts';
import { checkoutIdFor } from '../../../actors/checkout/checkout.contract.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import type { Answer, Shopper } from './shop-client.ts';
import { temporaryDataDir, type Environment } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';
import type { ShopStores } from './shop-stores.ts';

const buyers = 50;
const key = 'k';

type Counts = ReadonlyMap<string, number>;
const sum = (counts: Counts, ...statuses: string[]) =>
  statuses.reduce((total, status) => total + (counts.get(status) ?? 0), 0);

/** When the process is killed, by what its checkouts have come to; each is reached while others are behind. */
const moments: [what: string, reached: (counts: Counts) => boolean][] = [
  ['the first checkouts are accepted', (counts) => sum(counts, ...counts.keys()) >= 3],
  [
    'half have come to their payment',
    (counts) => sum(counts, 'PAYMENT_PENDING', 'PAYMENT_COMPLETED', 'COMPLETED', 'FAILED') >= buyers / 2,
  ],
  ['a third has ended', (counts) => sum(counts, 'COMPLETED', 'FAILED') >= buyers / 3],
];

describe('kill -9 of the whole process while 50 checkouts run', function () {
  this.timeout(90_000);
  const settings: Environment = {
    SEED_STOCK: '100000',
    PAYMENT_DELAY_MS: '200-800',
    PAYMENT_SUCCESS_RATE: '0.8',
    PAYMENT_SEED: '7',
    RECOVERY_POLL_MS: '1000',
  };
  let environment: Environment;
  let shop: ShopProcess;

  before(async () => {
    environment = { ...settings, DATA_DIR: temporaryDataDir() };
    shop = await ShopProcess.start(environment);
  });
  after(async () => {
    await shop.kill();
    rmSync(shop.dataDir, { recursive: true, force: true });
  });

  for (const [round, [what, reached]] of moments.entries()) {
    it(`loses nothing when ${what}`, async () => {
      const users = await shop.client.users(1 + round * buyers, buyers);
      await Promise.all(users.map((user, index) => user.add((index % 5) + 1, (index % 3) + 1)));
      const answers = users.map((user) => user.checkout(key).catch(() => undefined));
      const ours = countingOnly(shop.stores, users);
      await eventually(async () => reached(await ours()), what);
      await shop.kill();
      const answered = (await Promise.all(answers)).filter((answer) => answer !== undefined);

      shop = await ShopProcess.start(environment);
      const accepted = new Set([
        ...(await shop.stores.checkouts()).map(({ id }) => id),
        ...answered.filter(({ status }) => status < 300).map(({ body }) => body.checkout_id),
      ]);
      await untilAllEnded(shop.stores, 40_000);
      await expectInvariants(shop.stores);
      await expectAllEnded(shop.stores, accepted);
      await expectCartsAsSold(shop, users);

      // What was answered stays true; what was not accepted, nor lay in a mailbox, is bought now.
      const known = new Set((await shop.stores.checkouts()).map(({ id }) => id));
      const again = await Promise.all((await usersOf(shop, users)).map((user) => user.checkout(key)));
      for (const [index, { status, body }] of again.entries()) {
        const id = checkoutIdFor(users[index]?.id ?? 0, key);
        expect(body.checkout_id).to.equal(id);
        expect(status, `checkout ${id} again`).to.equal(known.has(id) ? 200 : 201);
      }
      expectSameAnswers(answered, again);
      await untilAllEnded(shop.stores);
      await expectInvariants(shop.stores);
      await expectCartsAsSold(shop, users);
    });
  }
});

/** Counts by status the checkouts of these users alone. */
function countingOnly(stores: ShopStores, users: readonly Shopper[]): () => Promise<Counts> {
  const ids = new Set(users.map(({ id }) => id));
  return async () => {
    const counts = new Map<string, number>();
    for (const { userId, status } of await stores.checkouts()) {
      if (ids.has(userId)) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return counts;
  };
}

function usersOf(shop: ShopProcess, users: readonly Shopper[]): Promise<Shopper[]> {
  return shop.client.users(users[0]?.id ?? 0, users.length);
}

async function expectAllEnded(stores: ShopStores, accepted: ReadonlySet<string>): Promise<void> {
  const statuses = new Map((await stores.checkouts()).map(({ id, status }) => [id, status]));
  for (const id of accepted) {
    expect(statuses.get(id), `accepted checkout ${id}`).to.be.oneOf(['COMPLETED', 'FAILED']);
  }
}

/** A cart whose checkout completed is empty; any other is as it was. */
async function expectCartsAsSold(shop: ShopProcess, users: readonly Shopper[]): Promise<void> {
  const statuses = new Map((await shop.stores.checkouts()).map(({ id, status }) => [id, status]));
  const again = await usersOf(shop, users);
  await Promise.all(
    again.map(async (user, index) => {
      const { items } = await user.shop.cart.get();
      const lines = items.map(({ product_id, quantity }) => [product_id, quantity]);
      const bought = statuses.get(checkoutIdFor(user.id, key)) === 'COMPLETED';
      const wanted = bought ? [] : [[(index % 5) + 1, (index % 3) + 1]];
      expect(lines, `the cart of user ${user.id}`).to.deep.equal(wanted);
    }),
  );
}

function expectSameAnswers(before: readonly Answer<Checkout>[], after: readonly Answer<Checkout>[]): void {
  const bodies = new Map(after.map(({ body }) => [body.checkout_id, body]));
  for (const { status, body } of before) {
    expect(status, `the answer before the kill: ${JSON.stringify(body)}`).to.equal(201);
    expect(bodies.get(body.checkout_id)).to.deep.equal(body);
  }
}
