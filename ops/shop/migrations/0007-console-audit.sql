-- What operators did by the console and by command: written before it is tried, completed after it. `unknown` is also what
-- a crash in between leaves. `at` is when it was tried.
CREATE TABLE console_audit (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at TIMESTAMPTZ NOT NULL DEFAULT now(),
  who TEXT NOT NULL,
  role TEXT NOT NULL,
  source TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  details JSONB NOT NULL DEFAULT '{}',
  outcome TEXT NOT NULL DEFAULT 'unknown' CHECK (outcome IN ('unknown', 'done', 'refused')),
  note TEXT,
  ended_at TIMESTAMPTZ,
  request_id TEXT,
  address TEXT
);
