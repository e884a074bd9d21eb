import { join } from 'node:path';
import Database from 'better-sqlite3';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import { cartDocuments } from '../../../actors/cart/cart.store.mongo.ts';
import { centsFromNumeric } from '../../../actors/values/numeric-cents.ts';

export interface StoredLine {
  readonly productId: number;
  readonly quantity: number;
}

export interface StoredCheckout {
  readonly id: string;
  readonly userId: number;
  readonly status: string;
  readonly totalCents: number;
  readonly lines: readonly StoredLine[];
}

export interface StoredOrder {
  readonly checkoutId: string;
  readonly status: string;
  readonly totalCents: number;
}

export interface StoredPayment {
  readonly checkoutId: string;
  readonly status: string;
  readonly amountCents: number;
}

export interface StoredStock {
  readonly productId: number;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  readonly stocked: number;
}

export interface StoredCart {
  readonly userId: number;
  readonly items: readonly StoredLine[];
  readonly claims: readonly { readonly checkoutId: string }[];
}

/** Where a shop keeps what it holds. */
export interface StorePlaces {
  readonly dataDir: string;
  /** The DATA_DIR of services in processes of their own. */
  readonly elsewhere?: Readonly<Record<'inventory' | 'payment', string>>;
  readonly postgresUrl: string;
  /** Undefined: carts are in SQLite. */
  readonly mongoUri: string | undefined;
}

/** What the shop holds on disk, read past the shop. */
export class ShopStores {
  readonly #places: StorePlaces;

  constructor(places: StorePlaces) {
    this.#places = places;
  }

  async checkouts(): Promise<StoredCheckout[]> {
    const rows = await this.#query<{
      id: string;
      user_id: string;
      status: string;
      total_amount: string;
      cart_snapshot: { product_id: number; quantity: number }[] | null;
    }>('SELECT id, user_id, status, total_amount, cart_snapshot FROM checkout_sessions');
    return rows.map((row) => ({
      id: row.id,
      userId: Number(row.user_id),
      status: row.status,
      totalCents: centsFromNumeric(row.total_amount),
      lines: (row.cart_snapshot ?? []).map(({ product_id: productId, quantity }) => ({
        productId,
        quantity,
      })),
    }));
  }

  /** How many checkouts have each status. */
  async checkoutCounts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#query<{ status: string; count: number }>(
      'SELECT status, count(*)::int AS count FROM checkout_sessions GROUP BY status',
    );
    return new Map(rows.map(({ status, count }) => [status, count]));
  }

  async orders(): Promise<StoredOrder[]> {
    const rows = await this.#query<{ checkout_id: string; status: string; total_amount: string }>(
      'SELECT checkout_id, status, total_amount FROM orders',
    );
    return rows.map((row) => ({
      checkoutId: row.checkout_id,
      status: row.status,
      totalCents: centsFromNumeric(row.total_amount),
    }));
  }

  async orderCount(): Promise<number> {
    const [found] = await this.#query<{ count: number }>('SELECT count(*)::int AS count FROM orders');
    return found?.count ?? 0;
  }

  paymentCount(): number {
    const [found] = this.#read<{ count: number }>('payment', 'SELECT count(*) AS count FROM payments');
    return found?.count ?? 0;
  }

  payments(): StoredPayment[] {
    return this.#read<StoredPayment>(
      'payment',
      'SELECT checkout_id AS checkoutId, status, amount_cents AS amountCents FROM payments',
    );
  }

  stock(): StoredStock[] {
    return this.#read<StoredStock>(
      'inventory',
      'SELECT product_id AS productId, available, reserved, sold, stocked FROM stock ORDER BY product_id',
    );
  }

  available(productId: number): number {
    const found = this.stock().find((each) => each.productId === productId);
    if (found === undefined) throw new Error(`no stock of product ${productId}`);
    return found.available;
  }

  async carts(): Promise<StoredCart[]> {
    const { mongoUri } = this.#places;
    if (mongoUri !== undefined) return readMongoCarts(mongoUri);
    return this.#read<{ state: string }>('carts', 'SELECT state FROM actor_cart').map(
      ({ state }) => JSON.parse(state) as StoredCart,
    );
  }

  #read<R>(file: 'carts' | 'inventory' | 'payment', statement: string): R[] {
    const { dataDir, elsewhere } = this.#places;
    const folder = (file === 'carts' ? undefined : elsewhere?.[file]) ?? dataDir;
    const database = new Database(join(folder, `${file}.sqlite`), {
      readonly: true,
      fileMustExist: true,
    });
    try {
      return database.prepare<[], R>(statement).all();
    } finally {
      database.close();
    }
  }

  async #query<R extends object>(statement: string): Promise<R[]> {
    const client = new Client({ connectionString: this.#places.postgresUrl });
    await client.connect();
    try {
      return (await client.query<R>(statement)).rows;
    } finally {
      await client.end();
    }
  }
}

async function readMongoCarts(uri: string): Promise<StoredCart[]> {
  const client = await MongoClient.connect(uri);
  try {
    const documents = await client.db().collection(cartDocuments.collection).find().toArray();
    return documents.map((document) => cartDocuments.fromFields(document));
  } finally {
    await client.close();
  }
}
