-- Checkouts, one row per saga. `version` and `runtime` belong to the actor runtime: the compare-and-set, and
-- what it must not forget about the actor. `details` holds what has no column of its own.
CREATE TABLE checkout_sessions (
  id UUID PRIMARY KEY,
  user_id BIGINT NOT NULL,
  cart_snapshot JSONB,
  status TEXT NOT NULL CHECK (
    status IN ('INITIATED', 'INVENTORY_RESERVED', 'PAYMENT_PENDING', 'PAYMENT_COMPLETED', 'COMPLETED', 'FAILED')
  ),
  idempotency_key TEXT NOT NULL,
  inventory_reservation_id TEXT,
  payment_id TEXT,
  total_amount NUMERIC(12, 2) NOT NULL DEFAULT 0 CHECK (total_amount >= 0),
  currency TEXT NOT NULL,
  shipping_address JSONB,
  payment_method TEXT,
  failure_reason TEXT,
  machine_snapshot JSONB,
  history JSONB NOT NULL DEFAULT '[]',
  details JSONB NOT NULL DEFAULT '{}',
  version BIGINT NOT NULL CHECK (version > 0),
  runtime JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  completed_at TIMESTAMPTZ,
  UNIQUE (user_id, idempotency_key)
);

-- What the recovery sweep looks for.
CREATE INDEX checkout_sessions_open ON checkout_sessions (updated_at)
  WHERE status NOT IN ('COMPLETED', 'FAILED');
CREATE INDEX checkout_sessions_unfinished ON checkout_sessions (updated_at)
  WHERE runtime -> 'effects' <> '[]'::jsonb;

-- Events that left with a state, in id order. `publications` counts how often a row went to the event log.
CREATE TABLE outbox_events (
  id BIGSERIAL PRIMARY KEY,
  aggregate_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  partition_key TEXT NOT NULL,
  payload JSONB NOT NULL,
  headers JSONB NOT NULL DEFAULT '{}',
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  processed_at TIMESTAMPTZ,
  publications INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX outbox_events_waiting ON outbox_events (id) WHERE processed_at IS NULL;
CREATE INDEX outbox_events_processed ON outbox_events (processed_at) WHERE processed_at IS NOT NULL;

-- Wakes the relay. Once per statement: a hundred checkouts written together ring once.
CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER outbox_events_notify AFTER INSERT ON outbox_events
  FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();

-- One order per completed checkout; the actor's key is `checkout_id`.
CREATE TABLE orders (
  id UUID PRIMARY KEY,
  checkout_id UUID NOT NULL UNIQUE,
  user_id BIGINT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
  items JSONB NOT NULL,
  total_amount NUMERIC(12, 2) NOT NULL CHECK (total_amount >= 0),
  currency TEXT NOT NULL,
  shipping_address JSONB,
  details JSONB NOT NULL DEFAULT '{}',
  version BIGINT NOT NULL CHECK (version > 0),
  runtime JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX orders_by_user ON orders (user_id, created_at DESC, id);
CREATE INDEX orders_unfinished ON orders (updated_at) WHERE runtime -> 'effects' <> '[]'::jsonb;
