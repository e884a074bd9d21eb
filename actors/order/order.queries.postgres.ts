import { ActorError } from '@trolley/runtime';
import { postgresFailure, type PostgresPool, type PostgresRow } from '@trolley/runtime/postgres';
import { z } from 'zod';
import type { OrderQueries } from './order.queries.ts';
import { viewOf } from './order.state.ts';
import { orderFromRow, orderTable } from './order.store.postgres.ts';

/** The last moment that ISO 8601 writes with four digits, which is what PostgreSQL reads. */
const lastSnapshot = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The last order of a page. The next page begins behind it, whatever is added meanwhile. */
const Position = z.tuple([z.int().min(0).max(lastSnapshot), z.uuid()]);
type Position = z.infer<typeof Position>;

// Not the column `runtime`, which can be many times as large as the order.
const columns = [
  'id',
  'checkout_id',
  'created_at',
  'updated_at',
  ...orderTable.columns.map(({ name }) => name),
];
const select = `SELECT ${[...new Set(columns)].join(', ')} FROM orders`;

/** Reads from the table that the order actors write: an order is here before its creation was answered. */
export function createPostgresOrderQueries(pool: PostgresPool): OrderQueries {
  async function query(text: string, values: unknown[]): Promise<PostgresRow[]> {
    try {
      return (await pool.query<Record<string, unknown>>(text, values)).rows;
    } catch (error) {
      throw postgresFailure('orders', error);
    }
  }

  /** By the index `orders_by_user`, from its start or from the position on. */
  function rowsFrom(userId: number, after: Position | undefined, limit: number): Promise<PostgresRow[]> {
    const order = 'ORDER BY created_at DESC, id';
    if (after === undefined) {
      return query(`${select} WHERE user_id = $1 ${order} LIMIT $2`, [userId, limit]);
    }
    const [createdAt, id] = after;
    return query(
      `${select} WHERE user_id = $1 AND created_at <= $3 AND (created_at < $3 OR id > $4) ${order} LIMIT $2`,
      [userId, limit, new Date(createdAt).toISOString(), id],
    );
  }

  return {
    async list(userId, { pageSize, pageToken }) {
      const after = pageToken === undefined ? undefined : parseToken(pageToken);
      // One more than asked for tells whether there is a next page.
      const rows = await rowsFrom(userId, after, pageSize + 1);
      const page = rows.slice(0, pageSize).map(orderFromRow);
      const last = page.at(-1);
      const orders = page.map(viewOf);
      if (rows.length === page.length || last === undefined) return { orders };
      return { orders, nextPageToken: tokenOf([last.createdAt, last.id]) };
    },

    async get(orderId) {
      if (!z.guid().safeParse(orderId).success) return undefined;
      const [row] = await query(`${select} WHERE id = $1`, [orderId]);
      return row === undefined ? undefined : viewOf(orderFromRow(row));
    },
  };
}

function tokenOf(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function parseToken(token: string): Position {
  try {
    return Position.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new ActorError('invalid_page_token', 'not a page token of this list', { cause });
  }
}
