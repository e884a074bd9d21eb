import type { SqliteDatabase } from '@trolley/runtime/sqlite';
import type { Findings } from './findings.ts';

interface ProductStock {
  readonly productId: number;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  readonly stocked: number;
  /** Sold by reservations that the inventory has forgotten since. */
  readonly forgotten: number;
  readonly reservedByItems: number;
  readonly soldByItems: number;
}

/** Holds the stock of each product against the reservations of it. */
export function examineStock(database: SqliteDatabase, findings: Findings): void {
  const forgotten = hasForgotten(database) ? 'stock.forgotten' : '0';
  const products = database.prepare<[], ProductStock>(
    `WITH held AS (
       SELECT product_id,
         sum(iif(status = 'reserved', quantity, 0)) AS reserved, sum(iif(status = 'confirmed', quantity, 0)) AS sold
       FROM reservation_items JOIN reservations ON reservations.id = reservation_id
       WHERE status IN ('reserved', 'confirmed') GROUP BY product_id)
     SELECT stock.product_id AS productId, available, stock.reserved, stock.sold, stocked, ${forgotten} AS forgotten,
       ifnull(held.reserved, 0) AS reservedByItems, ifnull(held.sold, 0) AS soldByItems
     FROM stock LEFT JOIN held USING (product_id) ORDER BY stock.product_id`,
  );
  for (const product of products.iterate()) examineProduct(product, findings);
  const orphans = database.prepare<[], { id: string }>(
    `SELECT DISTINCT reservation_id AS id FROM reservation_items
     WHERE reservation_id NOT IN (SELECT id FROM reservations)`,
  );
  for (const { id } of orphans.iterate()) findings.add('items-without-reservation', id);
  const strays = database.prepare<[], { id: number }>(
    `SELECT DISTINCT product_id AS id FROM reservation_items WHERE product_id NOT IN (SELECT product_id FROM stock)`,
  );
  for (const { id } of strays.iterate()) findings.add('items-without-stock', String(id));
}

function examineProduct(product: ProductStock, findings: Findings): void {
  const { available, reserved, sold, stocked, forgotten, reservedByItems, soldByItems } = product;
  const id = String(product.productId);
  findings.countLooked('stock', 'products');
  if (reserved !== reservedByItems)
    findings.add('stock-reserved', id, `${reserved} reserved, by reservations ${reservedByItems}`);
  if (sold !== soldByItems + forgotten)
    findings.add('stock-sold', id, `${sold} sold, by reservations ${soldByItems + forgotten}`);
  const sum = available + reserved + sold;
  if (sum !== stocked || available < 0)
    findings.add('stock-sum', id, `${available} + ${reserved} + ${sold}, stocked ${stocked}`);
}

/** A file of an older program has not counted them. */
export function hasForgotten(database: SqliteDatabase): boolean {
  return (
    database.prepare(`SELECT 1 FROM pragma_table_info('stock') WHERE name = 'forgotten'`).get() !== undefined
  );
}
