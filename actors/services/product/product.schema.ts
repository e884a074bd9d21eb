import type { SqliteDatabase } from '../../../runtime/storage/sqlite/sqlite-database.ts';

export const productMigrations = [
  `CREATE TABLE products (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL,
     description TEXT NOT NULL,
     price_cents INTEGER NOT NULL CHECK (price_cents > 0),
     image_url TEXT NOT NULL,
     created_at TEXT NOT NULL,
     updated_at TEXT NOT NULL,
     deleted_at TEXT
   ) STRICT;`,
];

const seeds = [
  { name: 'Laptop', description: 'High-performance laptop', priceCents: 129_999 },
  { name: 'Mouse', description: 'Wireless mouse', priceCents: 2_999 },
  { name: 'Keyboard', description: 'Mechanical keyboard', priceCents: 8_999 },
  { name: 'Monitor', description: '27-inch monitor', priceCents: 39_999 },
  { name: 'Headphones', description: 'Noise-cancelling headphones', priceCents: 24_999 },
];

/** The products 1 to 5 of a new shop. */
export function seedProducts(database: SqliteDatabase, now: string): void {
  const insert = database.prepare(
    `INSERT INTO products (name, description, price_cents, image_url, created_at, updated_at)
     VALUES (@name, @description, @priceCents, '', @now, @now)`,
  );
  for (const seed of seeds) insert.run({ ...seed, now });
}
