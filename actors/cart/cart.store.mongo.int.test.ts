import { expect } from 'chai';
import { Long, MongoClient, type Db } from 'mongodb';
import { MongoStateStore } from '@trolley/runtime/mongo';
import { createTestMongo, type TestDatabase } from '@trolley/runtime/testing/suites';
import * as rules from './cart.state.ts';
import { CartState } from './cart.state.ts';
import { cartDocuments } from './cart.store.mongo.ts';

// So far ahead that the database does not forget the carts, as it does 90 days after their last change.
const at = Date.parse('2126-01-02T03:04:05.678Z');
const checkouts = ['0e9a1c52-7c53-4d0b-9d0c-0a5d7d3f1a11', '7a4b3a36-52a0-4f0e-8a2e-6d1f2b7c9e22'] as const;

const limits = { maxCheckouts: 3, maxUnits: 5000 };

/** A cart with lines, a claim that holds less than it buys, and a purchase behind it. */
function fullCart(userId: number): CartState {
  let state = rules.emptyCart(userId, at);
  state = rules.addItem(state, { productId: 1, quantity: 5 }, at + 1);
  state = rules.settlePurchase(
    rules.claimFor(state, checkouts[0], at + 2, limits).state,
    { checkoutId: checkouts[0], lines: [] },
    at + 3,
  );
  state = rules.addItem(state, { productId: Number.MAX_SAFE_INTEGER, quantity: 99 }, at + 4);
  state = rules.claimFor(state, checkouts[1], at + 5, limits).state;
  return rules.setQuantity(state, { productId: Number.MAX_SAFE_INTEGER, quantity: 2 }, at + 6);
}

describe('carts in MongoDB', () => {
  let testDatabase: TestDatabase;
  let client: MongoClient;
  let database: Db;

  before(async () => {
    testDatabase = await createTestMongo();
    client = await MongoClient.connect(testDatabase.url);
    database = client.db();
  });
  after(async () => {
    await client.close();
    await testDatabase.drop();
  });
  beforeEach(() => database.dropDatabase());

  const open = () => MongoStateStore.open({ database, documents: cartDocuments });
  const first = (state: CartState) => ({
    key: String(state.userId),
    expectedVersion: 0,
    record: { state, applied: [], effects: [], waiting: [] },
    events: [],
    now: at + 7,
  });

  it('gives back every cart as it was', async () => {
    const store = await open();
    for (const state of [rules.emptyCart(Number.MAX_SAFE_INTEGER, at), fullCart(8)]) {
      await store.write(first(state));
      const loaded = await store.load(String(state.userId));
      expect(CartState.parse(loaded?.record.state)).to.deep.equal(state);
    }
  });

  it('has the fields that others read', async () => {
    await (await open()).write(first(fullCart(8)));
    const [document] = await database
      .collection('carts')
      .find({ user_id: Long.fromNumber(8) }, { promoteLongs: false })
      .toArray();
    expect(document).to.deep.include({
      _id: '8',
      version: 1,
      user_id: Long.fromNumber(8),
      items: [
        { product_id: Long.fromNumber(Number.MAX_SAFE_INTEGER), quantity: 2, added_at: new Date(at + 4) },
      ],
      settled: [checkouts[0]],
      created_at: new Date(at),
      changed_at: new Date(at + 6),
      updated_at: new Date(at + 7),
    });
  });

  it('is one per user, and forgotten after 90 days', async () => {
    const store = await open();
    const indexes = await database.collection('carts').indexes();
    expect(indexes.find(({ key }) => 'user_id' in key)).to.include({ unique: true });
    const forgotten = indexes.find(({ expireAfterSeconds }) => expireAfterSeconds !== undefined);
    expect(forgotten).to.deep.include({ key: { updated_at: 1 }, expireAfterSeconds: 90 * 24 * 60 * 60 });
    await store.write(first(fullCart(8)));
    const refused: unknown = await store
      .write({ ...first(fullCart(8)), key: 'other' })
      .catch((e: unknown) => e);
    expect(refused).to.have.property('code', 'internal');
  });

  it('is made by one of those who make it at the same moment', async () => {
    const stores = await Promise.all([open(), open(), open()]);
    for (let userId = 1; userId <= 30; userId++) {
      const written = await Promise.all(
        stores.map((store) => store.write(first(rules.emptyCart(userId, at)))),
      );
      expect(written.sort(), `user ${userId}`).to.deep.equal([false, false, true]);
    }
  });
});
