-- Nothing looks for open checkouts by this index: what is due is found by checkout_sessions_due. Each write of a checkout
-- had to keep it up to date. A program of an older version never reads by it either.
DROP INDEX IF EXISTS checkout_sessions_open;
