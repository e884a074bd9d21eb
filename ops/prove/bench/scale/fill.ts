import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { reachPostgres } from '../../../operate/stores/running-postgres.ts';
import {
  ownersOfCarts,
  ownersOfCheckouts,
  cartMarks,
  checkoutMarks,
  eventOf,
  type Census,
  type Owned,
} from './owners.ts';
import { openPostgresSink, openSqliteSink, type PatternRow, type Sink } from './tables.ts';

/* What a shop would hold after so many users: rows that it wrote itself, for many others, past it and fast. */

/** Whose rows are the pattern; no others in these stores look like their ids. */
export const patterns = {
  cartOf: 8_000_000_000_000_001,
  buyer: 8_000_000_000_000_002,
  key: 'pattern-checkout',
};

const chunkOf = 2_000;

export async function fillCarts(dataDir: string, census: Census, now: number): Promise<void> {
  const marks = cartMarks(patterns.cartOf);
  const carts = openSqliteSink(join(dataDir, 'carts.sqlite'), [
    { table: 'actor_cart', where: `key = '${patterns.cartOf}'`, marks },
  ]);
  await pour(ownersOfCarts(census, now), [carts]);
}

/** Finished checkouts with all that they leave: order, event, payment, reservation. */
export async function fillCheckouts(dataDir: string, census: Census, now: number): Promise<void> {
  const marks = checkoutMarks(patterns.buyer, patterns.key);
  const { checkoutId, reservationId } = marks;
  const row = (table: string, column: string, value = checkoutId): PatternRow => ({
    table,
    where: `${column} = '${value}'`,
    marks,
  });
  const postgres = await reachPostgres(dataDir, undefined);
  if (postgres === undefined) throw new Error(`${dataDir} has no PostgreSQL`);
  const clients: Client[] = [];
  try {
    const open = async (pattern: PatternRow): Promise<Sink> => {
      const client = new Client({ connectionString: postgres.url });
      clients.push(client);
      await client.connect();
      return openPostgresSink(client, pattern);
    };
    const checkouts = await open(row('checkout_sessions', 'id'));
    const orders = await open(row('orders', 'checkout_id'));
    const outbox = await open(row('outbox_events', 'aggregate_id'));
    const events: Sink = {
      ...outbox,
      write: (owned) => outbox.write(owned.map((each) => eventOf(each, now))),
    };
    const payments = openSqliteSink(join(dataDir, 'payment.sqlite'), [row('payments', 'checkout_id')]);
    const reservations = openSqliteSink(join(dataDir, 'inventory.sqlite'), [
      row('reservations', 'id', reservationId),
      row('reservation_items', 'reservation_id', reservationId),
    ]);
    await pour(ownersOfCheckouts(census, now), [checkouts, orders, events, payments, reservations]);
    sellUnits(join(dataDir, 'inventory.sqlite'), reservationId, census.size);
    await clients[0]?.query('CHECKPOINT');
  } finally {
    for (const client of clients) await client.end();
    await postgres.close();
  }
}

async function pour(owners: Iterable<Owned>, sinks: readonly Sink[]): Promise<void> {
  const write = (chunk: readonly Owned[]) => Promise.all(sinks.map((sink) => sink.write(chunk)));
  let chunk: Owned[] = [];
  for (const owned of owners) {
    chunk.push(owned);
    if (chunk.length < chunkOf) continue;
    await write(chunk);
    chunk = [];
  }
  await write(chunk);
  await Promise.all(sinks.map((sink) => sink.end()));
}

/** What was bought has left the stock, too. */
function sellUnits(file: string, patternId: string | undefined, times: number): void {
  const database = new Database(file, { fileMustExist: true });
  try {
    database
      .prepare(
        `UPDATE stock SET available = available - units * @times, sold = sold + units * @times
         FROM (SELECT product_id AS product, quantity AS units FROM reservation_items WHERE reservation_id = @patternId)
         WHERE product_id = product`,
      )
      .run({ times, patternId });
  } finally {
    database.close();
  }
}
