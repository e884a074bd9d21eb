import type { SqliteDatabase, SqliteMigration } from '@trolley/runtime/sqlite';
import { rememberedAnswersMigration } from '../remembered-answers.ts';
import { ProductStore, searchedText } from './product.store.ts';

export const productMigrations: readonly SqliteMigration[] = [
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
  (database) => {
    database.exec(`ALTER TABLE products ADD COLUMN searched TEXT NOT NULL DEFAULT ''`);
    const rows = database.prepare<[], { id: number; name: string; description: string }>(
      'SELECT id, name, description FROM products',
    );
    const fill = database.prepare('UPDATE products SET searched = ? WHERE id = ?');
    for (const { id, ...fields } of rows.all()) fill.run(searchedText(fields), id);
  },
  rememberedAnswersMigration,
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
  const store = new ProductStore(database);
  for (const seed of seeds) store.insert({ ...seed, imageUrl: '' }, now);
}
