-- What the runtime remembers for long: messages with an idempotency key and their answers. Apart from `runtime`, so
-- that a write which leaves it as it is writes nothing of it. A program of an older version never looks at it.
ALTER TABLE checkout_sessions ADD COLUMN archive JSONB;
ALTER TABLE orders ADD COLUMN archive JSONB;
