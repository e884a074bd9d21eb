import type { SqliteDatabase } from '@trolley/runtime/sqlite';
import { rememberedAnswersMigration } from '../remembered-answers.ts';

export const inventoryMigrations = [
  `-- A unit is in one place at a time: no commit can lose or invent one.
   CREATE TABLE stock (
     product_id INTEGER PRIMARY KEY,
     available INTEGER NOT NULL CHECK (available >= 0),
     reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
     sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
     stocked INTEGER NOT NULL CHECK (stocked >= 0),
     CHECK (available + reserved + sold = stocked)
   ) STRICT;

   -- checkout_id is null for a tombstone: a Release knows only the reservation.
   CREATE TABLE reservations (
     id TEXT PRIMARY KEY,
     checkout_id TEXT UNIQUE,
     status TEXT NOT NULL
       CHECK (status IN ('reserved', 'confirmed', 'released', 'expired', 'restocked', 'tombstone')),
     expires_at INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX reservations_due ON reservations (expires_at) WHERE status = 'reserved';
   CREATE INDEX reservations_finished ON reservations (updated_at) WHERE status <> 'reserved';

   CREATE TABLE reservation_items (
     reservation_id TEXT NOT NULL REFERENCES reservations (id) ON DELETE CASCADE,
     product_id INTEGER NOT NULL REFERENCES stock (product_id),
     quantity INTEGER NOT NULL CHECK (quantity > 0),
     PRIMARY KEY (reservation_id, product_id)
   ) STRICT, WITHOUT ROWID;`,

  `-- What was sold by reservations that are deleted since, so that sold units can always be told from their reservations.
   ALTER TABLE stock ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;`,

  `-- What was sold is kept for much longer than the rest: who looks for what is old must not come by all of it.
   CREATE INDEX reservations_unsold ON reservations (updated_at, id)
     WHERE status IN ('released', 'expired', 'tombstone');
   CREATE INDEX reservations_sold ON reservations (updated_at, id) WHERE status IN ('confirmed', 'restocked');
   DROP INDEX reservations_finished;`,

  rememberedAnswersMigration,
];

/** What a new shop has of the products 1 to 5. */
const seededStock = [100, 500, 300, 150, 200];

/** `seedStock`: the same number for each seeded product; else the contract's. */
export function seedStock(database: SqliteDatabase, seedStock: number | undefined): void {
  const insert = database.prepare('INSERT INTO stock (product_id, available, stocked) VALUES (?, ?, ?)');
  for (const [index, contracted] of seededStock.entries()) {
    const available = seedStock ?? contracted;
    insert.run(index + 1, available, available);
  }
}
