import type { Db } from 'mongodb';
import type { SqliteDatabase } from '@trolley/runtime/sqlite';
import { CartState } from '../../../actors/cart/cart.state.ts';
import { cartDocuments } from '../../../actors/cart/cart.store.mongo.ts';
import { wantedIn, type WantedEffect } from './checkout-facts.ts';

export interface StoredCart {
  /** The user's id, as it is stored. */
  readonly key: string;
  /** Undefined: it can't be read. */
  readonly state: CartState | undefined;
  readonly wanted: readonly WantedEffect[];
}

const cartsAtOnce = 100;

/** What the runtime remembers of a cart can be large, and is not wanted here. */
const effectsOf = (runtime: string) =>
  `CASE WHEN json_valid(${runtime}) THEN json_object('effects', json_extract(${runtime}, '$.effects')) END`;

export function* cartsIn(database: SqliteDatabase): Generator<StoredCart> {
  const rows = database.prepare<[], { key: string; state: string; runtime: string | null }>(
    `SELECT key, state, ${effectsOf('runtime')} AS runtime FROM actor_cart`,
  );
  for (const { key, state, runtime } of rows.iterate())
    yield cartOf(key, runtime ?? '', () => JSON.parse(state) as unknown);
}

export async function* cartsInMongo(database: Db): AsyncGenerator<StoredCart> {
  const carts = database.collection<{ _id: string; runtime: string }>(cartDocuments.collection, {
    readConcern: 'majority',
    readPreference: 'primary',
  });
  for await (const document of carts.find({}, { batchSize: cartsAtOnce }))
    yield cartOf(document._id, document.runtime, () => cartDocuments.fromFields(document));
}

function cartOf(key: string, runtime: string, read: () => unknown): StoredCart {
  try {
    const wanted = wantedIn(JSON.parse(runtime));
    const state = CartState.parse(read());
    const isWhole = wanted !== undefined && String(state.userId) === key;
    return { key, state: isWhole ? state : undefined, wanted: wanted ?? [] };
  } catch {
    return { key, state: undefined, wanted: [] };
  }
}
