import { postgresFailure, type PostgresPool, type PostgresRow } from '@trolley/runtime/postgres';
import type { Changes } from '../changes/changes.queries.ts';
import { createPostgresChanges } from '../changes/changes.queries.postgres.ts';
import { pageTokenOf, positionFrom } from '../values/page-position.ts';
import type { BuyerCheckouts } from './buyer-checkouts.queries.ts';
import type { CheckoutView } from './checkout.contract.ts';
import { CheckoutState, viewOf } from './checkout.state.ts';
import { checkoutTable } from './checkout.store.postgres.ts';

// Not the columns of the runtime, which can be many times as large as the checkout.
const columns = ['id', ...checkoutTable.columns.map(({ name }) => name)];

// By the index `checkout_sessions_by_user`. What was refused was once stored all the same, and was never a checkout.
const page = `
  SELECT ${columns.join(', ')} FROM checkout_sessions
  WHERE user_id = $1 AND created_at <= $3::timestamptz AND (created_at < $3::timestamptz OR id > $4::uuid)
    AND ($5::text IS NULL OR status = $5) AND machine_snapshot ->> 'value' IS DISTINCT FROM 'rejected'
  ORDER BY created_at DESC, id LIMIT $2`;
const fromTheStart = ['infinity', '00000000-0000-0000-0000-000000000000'] as const;

export function createPostgresBuyerCheckouts(pool: PostgresPool): BuyerCheckouts {
  async function rowsOf(values: readonly unknown[]): Promise<PostgresRow[]> {
    try {
      return (await pool.query<Record<string, unknown>>(page, [...values])).rows;
    } catch (error) {
      throw postgresFailure('checkout_sessions', error);
    }
  }

  return {
    async list(userId, { pageSize, pageToken, status }) {
      const after = pageToken === undefined ? undefined : positionFrom(pageToken);
      const [time, id] = after === undefined ? fromTheStart : [new Date(after[0]).toISOString(), after[1]];
      // One more than asked for tells whether there is a next page.
      const rows = await rowsOf([userId, pageSize + 1, time, id, status ?? null]);
      const checkouts = rows.slice(0, pageSize).flatMap((row) => viewOfRow(row) ?? []);
      const last = checkouts.at(-1);
      if (rows.length <= pageSize || last === undefined) return { checkouts };
      return { checkouts, nextPageToken: pageTokenOf([Date.parse(last.createdAt), last.checkoutId]) };
    },
  };
}

/** Checkouts by their changes. */
export function createPostgresCheckoutChanges(pool: PostgresPool): Changes<CheckoutView> {
  return createPostgresChanges({ pool, table: 'checkout_sessions', columns, viewOf: viewOfRow });
}

function viewOfRow(row: PostgresRow): CheckoutView | undefined {
  const ended = row['completed_at'];
  // The table reads times as they stand in JSON.
  const asStored = { ...row, completed_at: ended instanceof Date ? ended.toISOString() : ended };
  const { session } = CheckoutState.parse(checkoutTable.fromRow(asStored));
  return session === null ? undefined : viewOf(session);
}
