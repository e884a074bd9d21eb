import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Db } from 'mongodb';
import { createMongoConnection, type MongoConnection, MongoStateStore } from '@trolley/runtime/mongo';
import { createTestDatabase, createTestMongo, type TestDatabase } from '@trolley/runtime/testing/suites';
import { cartDocuments } from '../../../actors/cart/cart.store.mongo.ts';
import { parseConfig } from '../../shop/config/parse-config.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { openSnapshot } from '../stores/snapshot.ts';
import { unknownGaps } from './event-gap.ts';
import type { Findings } from './findings.ts';
import { reconcile } from './reconcile.ts';
import { surroundingsOf } from './surroundings.ts';
import { SmallShop, type Visit } from './testing/small-shop.ts';

const visit = (userId: number, event: Visit['event']): Visit => ({
  ...{ userId, lines: [{ productId: userId, quantity: 2 }], payment: 'card', event, order: 'kept' },
});
const nobodys = '00000000-0000-5000-8000-000000000000';
const wantsNothing = { runtime: JSON.stringify({ effects: [] }) };

describe('carts in MongoDB, reconciled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trolley-reconcile-'));
  let postgres: TestDatabase;
  let mongo: TestDatabase;
  let connection: MongoConnection;
  let asOf: number;
  let checkouts: string[];

  before(async () => {
    [postgres, mongo] = [await createTestDatabase(), await createTestMongo()];
    connection = createMongoConnection(mongo.url);
    // Of today: MongoDB itself removes carts that nobody has touched for long.
    const shop = await SmallShop.open(folder, Date.now());
    for (const each of [visit(1, 'handled'), visit(2, 'sent'), visit(3, 'waits'), visit(4, 'sent')])
      await shop.visit(each);
    checkouts = shop.bought.map(({ checkoutId }) => checkoutId);
    asOf = shop.now + 1_000;
    const carts = await MongoStateStore.open({ database: connection.database, documents: cartDocuments });
    await shop.close(postgres.url, carts);
  });
  after(async () => {
    await connection.close();
    await Promise.all([postgres.drop(), mongo.drop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function look(uri = mongo.url): Promise<Findings> {
    const config = parseConfig({ MONGODB_URI: uri, DATA_DIR: folder });
    const surroundings = surroundingsOf(config, createProgress({ write: () => true }));
    const moment = await openSnapshot(folder, postgres.url);
    try {
      const { sessionRetentionMs } = surroundings;
      return await reconcile(moment, {
        asOf,
        gaps: unknownGaps,
        sessionRetentionMs,
        carts: surroundings.carts(),
      });
    } finally {
      await moment.close();
    }
  }
  const cartsIn = (database: Db) => database.collection<{ _id: string; runtime: string }>('carts');
  const areaOfCarts = (findings: Findings) => findings.byArea.find(({ area }) => area === 'carts');

  it('are all looked at, and nothing is found where nothing is wrong', async () => {
    const findings = await look();
    expect(findings.total).to.equal(0);
    expect(areaOfCarts(findings)?.looked.get('carts')).to.equal(4);
    expect(findings.underWay.get('carts to be settled')).to.equal(3);
  });

  it('are said to differ from their checkouts, or not to be readable, by the user', async () => {
    const carts = cartsIn(connection.database);
    await carts.updateOne({ _id: '1' }, { $set: { items: 'none' } });
    await carts.updateOne({ _id: '2' }, { $set: { ...wantsNothing, 'claims.0.checkout_id': checkouts[0] } });
    await carts.updateOne({ _id: '3' }, { $set: { ...wantsNothing, 'claims.0.checkout_id': nobodys } });
    await carts.updateOne({ _id: '4' }, { $set: { runtime: 'no JSON' } });
    const found = areaOfCarts(await look())?.faults.flatMap(({ fault, shown }) =>
      shown.map(({ id, userId }) => [fault, id, userId]),
    );
    expect(found).to.have.deep.members([
      ['cart-unreadable', '1', undefined],
      ['claim-of-completed', checkouts[0], 2],
      ['claim-unknown', nobodys, 3],
      ['cart-unreadable', '4', undefined],
    ]);
  });

  it('that cannot be reached are a finding, beside what was found elsewhere', async () => {
    const findings = await look('mongodb://127.0.0.1:1/carts?serverSelectionTimeoutMS=100');
    expect(areaOfCarts(findings)).to.deep.include({ faults: [], looked: new Map() });
    expect(areaOfCarts(findings)?.unread).to.include('127.0.0.1:1');
    expect(findings.byArea.map(({ area }) => area)).to.include.members(['stock', 'checkouts', 'orders']);
    expect(findings.total).to.equal(1);
  });
});
