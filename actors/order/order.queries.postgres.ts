import { z } from 'zod';
import { TrolleyError } from '../../runtime/define/errors.ts';
import { isUuid } from '../../runtime/define/uuid-v5.ts';
import { postgresFailure } from '../../runtime/storage/postgres/postgres-errors.ts';
import type { PostgresPool } from '../../runtime/storage/postgres/postgres-pool.ts';
import type { PostgresRow } from '../../runtime/storage/postgres/postgres-table.ts';
import type { OrderQueries } from './order.queries.ts';
import { viewOf } from './order.state.ts';
import { orderFromRow } from './order.store.postgres.ts';

/** The last order of a page. The next page begins behind it, whatever is added meanwhile. */
const Position = z.tuple([z.int(), z.uuid()]);
type Position = z.infer<typeof Position>;

/** Reads from the table that the order actors write: an order is here before its creation was answered. */
export function createPostgresOrderQueries(pool: PostgresPool): OrderQueries {
  async function query(text: string, values: unknown[]): Promise<PostgresRow[]> {
    try {
      return (await pool.query<Record<string, unknown>>(text, values)).rows;
    } catch (error) {
      throw postgresFailure('orders', error);
    }
  }

  return {
    async list(userId, { pageSize, pageToken } = {}) {
      const after = pageToken === undefined ? undefined : parseToken(pageToken);
      const rows = await query(
        `SELECT * FROM orders
          WHERE user_id = $1
            AND ($2::timestamptz IS NULL OR created_at < $2 OR (created_at = $2 AND id > $3::uuid))
          ORDER BY created_at DESC, id
          LIMIT $4`,
        [
          userId,
          after === undefined ? null : new Date(after[0]).toISOString(),
          after?.[1] ?? null,
          pageSize === undefined ? null : pageSize + 1,
        ],
      );
      const found = rows.map(orderFromRow);
      const page = found.slice(0, pageSize);
      const last = page.at(-1);
      const orders = page.map(viewOf);
      if (found.length === page.length || last === undefined) return { orders };
      return { orders, nextPageToken: tokenOf([last.createdAt, last.id]) };
    },

    async get(orderId) {
      if (!isUuid(orderId)) return undefined;
      const [row] = await query('SELECT * FROM orders WHERE id = $1', [orderId]);
      return row === undefined ? undefined : viewOf(orderFromRow(row));
    },
  };
}

function tokenOf(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function parseToken(token: string): Position {
  try {
    const position = Position.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
    new Date(position[0]).toISOString(); // Throws for a time that there is not.
    return position;
  } catch (cause) {
    throw new TrolleyError('invalid_page_token', 'not a page token of this list', { cause });
  }
}
