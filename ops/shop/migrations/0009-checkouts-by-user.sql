-- What buyers look through their checkouts by, newest first. None of its columns ever changes.
CREATE INDEX IF NOT EXISTS checkout_sessions_by_user ON checkout_sessions (user_id, created_at DESC, id);
