-- The machines that this shop has run, so that a checkout which an older one began can still be drawn.
CREATE TABLE saga_machines (
  machine TEXT NOT NULL,
  version TEXT NOT NULL,
  definition JSONB NOT NULL,
  first_run TIMESTAMPTZ NOT NULL DEFAULT now(),
  last_run TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (machine, version)
);

-- What operators list: few among many that were completed, which the index over all that ended would read through.
CREATE INDEX IF NOT EXISTS checkout_sessions_failed ON checkout_sessions (updated_at, id) WHERE status = 'FAILED';
