-- What the runtime looks for when Redis has forgotten it: the first effect or reminder of a record, by when it is
-- due. It stands first in the list.
CREATE INDEX checkout_sessions_due ON checkout_sessions (((runtime #>> '{effects,0,notBefore}')::bigint))
  WHERE runtime -> 'effects' <> '[]'::jsonb;
CREATE INDEX orders_due ON orders (((runtime #>> '{effects,0,notBefore}')::bigint))
  WHERE runtime -> 'effects' <> '[]'::jsonb;

-- Replaced by the two above; a process of an older version reads without them, only slower.
DROP INDEX checkout_sessions_unfinished;
DROP INDEX orders_unfinished;
