-- What a user's stream of events goes by: the transaction that wrote a row last, as `pg_current_xact_id` numbers them. The
-- default holds for new rows, and an update sets it anew. A program of an older version leaves it as it is when it updates
-- a row, so that such a change is not in the streams.
ALTER TABLE checkout_sessions ADD COLUMN changed_in BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checkout_sessions ALTER COLUMN changed_in SET DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX IF NOT EXISTS checkout_sessions_changed ON checkout_sessions (user_id, changed_in, id);

ALTER TABLE orders ADD COLUMN changed_in BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ALTER COLUMN changed_in SET DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX IF NOT EXISTS orders_changed ON orders (user_id, changed_in, id);
