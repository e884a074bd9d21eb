import type { PostgresPool } from '@trolley/runtime/postgres';

/** Rows of one round, in one short statement; two that sweep at once take different ones. */
const maxRemoved = 500;

/**
 * Removes checkouts that ended before then (milliseconds since the epoch) and want nothing any more; of completed
 * ones those whose order is there, which keeps their key from selling anything again. Returns how many.
 */
export async function removeEndedCheckouts(pool: PostgresPool, endedBefore: number): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM checkout_sessions WHERE id IN (
       SELECT id FROM checkout_sessions AS ended
       WHERE status IN ('COMPLETED', 'FAILED') AND updated_at < $1 AND runtime -> 'effects' = '[]'::jsonb
         AND (status = 'FAILED' OR EXISTS (SELECT FROM orders WHERE orders.checkout_id = ended.id))
       ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [new Date(endedBefore), maxRemoved],
  );
  return rowCount ?? 0;
}
