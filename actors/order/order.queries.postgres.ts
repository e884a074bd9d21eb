import { LRUCache } from 'lru-cache';
import { Batcher } from '@trolley/runtime/adapters';
import { postgresFailure, type PostgresPool, type TextRow } from '@trolley/runtime/postgres';
import { z } from 'zod';
import type { Changes } from '../changes/changes.queries.ts';
import { createPostgresChanges } from '../changes/changes.queries.postgres.ts';
import { pageTokenOf, positionFrom, type Position } from '../values/page-position.ts';
import type { OrderView } from './order.contract.ts';
import type { OrderQueries } from './order.queries.ts';
import { viewOf } from './order.state.ts';
import { orderFromRow, orderTable } from './order.store.postgres.ts';

/** A page that is asked for. */
interface Wanted {
  readonly userId: number;
  readonly after: Position | undefined;
  readonly limit: number;
}

/** Pages that are read by one statement. A longer page is read alone, so that nobody waits for all of it. */
const maxTogether = 32;
const longestTogether = 101;
/** One is being read while the next ones gather, and another beside it when that takes long. */
const maxUnderWay = 2;
const maxWaiting = 10_000;

/** In characters. */
const maxRemembered = 4_000_000;

// Not the column `runtime`, which can be many times as large as the order.
const columns = [
  'id',
  'checkout_id',
  'created_at',
  'updated_at',
  'version',
  ...orderTable.columns.map(({ name }) => name),
];
const select = [...new Set(columns)].join(', ');

// By the index `orders_by_user`, each page from its start or from its position on. Rows of a page stand together and in
// its order: they are read page by page.
const pages = `
  SELECT wanted.page::int AS page, found.*
  FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::uuid[])
    WITH ORDINALITY AS wanted (user_id, size, after_time, after_id, page)
  CROSS JOIN LATERAL (
    SELECT ${select} FROM orders
    WHERE user_id = wanted.user_id AND created_at <= wanted.after_time
      AND (created_at < wanted.after_time OR id > wanted.after_id)
    ORDER BY created_at DESC, id LIMIT wanted.size
  ) found`;
const fromTheStart = ['infinity', '00000000-0000-0000-0000-000000000000'] as const;

/** Reads from the table that the order actors write: an order is here before its creation was answered. */
export function createPostgresOrderQueries(pool: PostgresPool): OrderQueries {
  const viewOfRow = rememberedViews();
  const reads = new Batcher<Wanted, TextRow[]>({
    name: 'orders',
    flush: rowsOf,
    maxBatch: maxTogether,
    maxWaiting,
    maxInFlight: maxUnderWay,
    // A statement costs both sides more than a page of it.
    isPatient: true,
  });

  async function query(text: string, values: unknown[]): Promise<TextRow[]> {
    try {
      return await pool.queryTexts(text, values);
    } catch (error) {
      throw postgresFailure('orders', error);
    }
  }

  async function rowsOf(wanted: readonly Wanted[]): Promise<PromiseFulfilledResult<TextRow[]>[]> {
    const positions = wanted.map(({ after }) =>
      after === undefined ? fromTheStart : ([new Date(after[0]).toISOString(), after[1]] as const),
    );
    const found = wanted.map(() => ({ status: 'fulfilled' as const, value: [] as TextRow[] }));
    const rows = await query(pages, [
      wanted.map(({ userId }) => userId),
      wanted.map(({ limit }) => limit),
      positions.map(([time]) => time),
      positions.map(([, id]) => id),
    ]);
    for (const row of rows) found[Number(row.texts['page']) - 1]?.value.push(row);
    return found;
  }

  async function readAlone(wanted: Wanted): Promise<TextRow[]> {
    const [found] = await rowsOf([wanted]);
    return found?.value ?? [];
  }

  return {
    async list(userId, { pageSize, pageToken }) {
      const after = pageToken === undefined ? undefined : positionFrom(pageToken);
      // One more than asked for tells whether there is a next page.
      const wanted = { userId, after, limit: pageSize + 1 };
      const rows = await (wanted.limit > longestTogether ? readAlone(wanted) : reads.add(wanted));
      const orders = rows.slice(0, pageSize).map(viewOfRow);
      const last = orders.at(-1);
      if (rows.length === orders.length || last === undefined) return { orders };
      return { orders, nextPageToken: pageTokenOf([Date.parse(last.createdAt), last.id]) };
    },

    async get(orderId) {
      if (!z.guid().safeParse(orderId).success) return undefined;
      const [row] = await query(`SELECT ${select} FROM orders WHERE id = $1`, [orderId]);
      return row === undefined ? undefined : viewOfRow(row);
    },
  };
}

/** Orders by their changes. */
export function createPostgresOrderChanges(pool: PostgresPool): Changes<OrderView> {
  return createPostgresChanges({
    pool,
    table: 'orders',
    columns,
    viewOf: (row) => viewOf(orderFromRow(row)),
  });
}

/** Who waits for an order asks again and again; a row is looked into once in each of its versions. */
function rememberedViews(): (row: TextRow) => OrderView {
  const known = new LRUCache<string, { readonly version: string; readonly view: OrderView }>({
    maxSize: maxRemembered,
    sizeCalculation: ({ view }) =>
      view.items.reduce((sum, { productName }) => sum + 100 + productName.length, 1_000),
  });
  return (row) => {
    const { texts } = row;
    const id = texts['id'] ?? '';
    const version = `${texts['version']} ${texts['updated_at']}`;
    const held = known.get(id);
    if (held?.version === version) return held.view;
    const view = viewOf(orderFromRow(row.parsed()));
    known.set(id, { version, view });
    return view;
  };
}
