export const paymentMigrations = [
  `-- One row per checkout, written when its fate is decided. No payment method: nothing of a card is kept.
   CREATE TABLE payments (
     checkout_id TEXT PRIMARY KEY,
     payment_id TEXT NOT NULL UNIQUE,
     status TEXT NOT NULL CHECK (status IN ('charged', 'failed', 'refunded', 'tombstone')),
     amount_cents INTEGER NOT NULL CHECK (amount_cents >= 0),
     currency TEXT NOT NULL,
     transaction_id TEXT NOT NULL,
     refusal TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     CHECK ((status IN ('charged', 'refunded')) = (transaction_id <> '')),
     CHECK ((status = 'failed') = (refusal <> '')),
     CHECK ((status = 'tombstone') = (amount_cents = 0))
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX payments_tombstones ON payments (updated_at) WHERE status = 'tombstone';`,
];
