import { join } from 'node:path';
import { Client } from 'pg';
import type { StateStore } from '@trolley/runtime';
import { createMongoConnection, MongoStateStore } from '@trolley/runtime/mongo';
import { SqliteStateStore } from '@trolley/runtime/sqlite';
import { CartContract } from '../../../actors/cart/cart.contract.ts';
import type { CartState } from '../../../actors/cart/cart.state.ts';
import { cartDocuments } from '../../../actors/cart/cart.store.mongo.ts';
import { reachPostgres } from '../../operate/stores/running-postgres.ts';
import { SmallShop, type Visit } from '../../operate/reconcile/testing/small-shop.ts';
import { mongoUriFor } from './shop-backends.ts';
import { shopBackends } from '../testing/shop-backends.ts';

/** A UUID of version 5, as checkouts have, of no checkout. */
const nobodys = '00000000-0000-5000-8000-000000000000';
const dayMs = 86_400_000;

const visit = (userId: number, payment: Visit['payment']): Visit => ({
  ...{ userId, payment, event: 'handled', order: 'kept' },
  lines: [{ productId: 1, quantity: 2 }],
});

/**
 * Breaks in the stores of a shop at rest what only its actors can mend once it runs: claims that nobody asks about, of
 * nobody and of a completed checkout, and a checkout whose next step is far away. Returns their checkouts.
 */
export async function breakWhatActorsMend(dataDir: string) {
  const postgres = await reachPostgres(dataDir, undefined);
  if (postgres === undefined) throw new Error(`${dataDir} has no PostgreSQL`);
  const opened = await openCarts(dataDir);
  const { carts } = opened;
  try {
    const shop = await SmallShop.open(dataDir, Date.now());
    for (const each of [visit(801, 'card'), visit(802, 'card'), visit(803, 'slow')]) await shop.visit(each);
    const [, completed = '', slow = ''] = shop.bought.map(({ checkoutId }) => checkoutId);
    await shop.close(postgres.url, carts);
    // Of something else than was bought: that would be looked for, too.
    await leaveClaim(carts, '801', nobodys, 2);
    await leaveClaim(carts, '802', completed, 1);
    // Else this one asks its checkout, which wakes it.
    await rewrite(carts, '803', (cart) => cart);
    await putOff(postgres.url, slow);
    return { ofNobody: nobodys, completed, putOff: slow };
  } finally {
    await opened.close();
    await postgres.close();
  }
}

function leaveClaim(carts: StateStore, key: string, checkoutId: string, productId: number): Promise<void> {
  return rewrite(carts, key, (cart) => ({
    ...cart,
    items: [{ productId, quantity: 2, addedAt: cart.createdAt }],
    claims: [
      { checkoutId, lines: [{ productId, quantity: 2, held: 2 }], cartVersion: 1, at: cart.createdAt },
    ],
    settled: [],
  }));
}

/** Afterwards the cart wants nothing. */
async function rewrite(
  store: StateStore,
  key: string,
  change: (cart: CartState) => CartState,
): Promise<void> {
  const stored = await store.load(key);
  if (stored === undefined) throw new Error(`there is no cart ${key}`);
  const state = change(stored.record.state as CartState);
  const record = { ...stored.record, state, effects: [] };
  await store.write({ key, expectedVersion: stored.version, record, events: [], now: Date.now() });
}

async function putOff(postgresUrl: string, checkoutId: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    // A real payment service takes 10 s for one that is called slow.
    await client.query(
      `UPDATE checkout_sessions SET runtime =
         jsonb_set(replace(runtime::text, '"slow"', '"card"')::jsonb, '{effects,0,notBefore}', $2) WHERE id = $1`,
      [checkoutId, String(Date.now() + 365 * dayMs)],
    );
  } finally {
    await client.end();
  }
}

/** Where the shop on `dataDir` keeps them. */
async function openCarts(dataDir: string): Promise<{ carts: StateStore; close(): Promise<void> }> {
  if (!shopBackends.has('mongodb')) {
    const file = join(dataDir, 'carts.sqlite');
    const carts = await SqliteStateStore.open({ file, actorType: CartContract.type });
    return { carts, close: () => carts.close() };
  }
  const connection = createMongoConnection(mongoUriFor(dataDir));
  return {
    carts: await MongoStateStore.open({ database: connection.database, documents: cartDocuments }),
    close: () => connection.close(),
  };
}
