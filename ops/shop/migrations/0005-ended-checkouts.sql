-- What the sweep of checkouts that ended long ago looks for.
CREATE INDEX IF NOT EXISTS checkout_sessions_ended ON checkout_sessions (updated_at)
  WHERE status IN ('COMPLETED', 'FAILED');
