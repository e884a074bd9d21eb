import type { Client } from 'pg';
import type { PostgresRow } from '@trolley/runtime/postgres';
import type { SqliteDatabase } from '@trolley/runtime/sqlite';
import { CheckoutState, type CheckoutSession } from '../../../actors/checkout/checkout.state.ts';
import { checkoutTable } from '../../../actors/checkout/checkout.store.postgres.ts';
import { orderFromRow } from '../../../actors/order/order.store.postgres.ts';
import type { Order } from '../../../actors/order/order.state.ts';
import type { ReservationStatus } from '../../../actors/services/inventory/inventory.store.ts';
import type { PaymentStatus } from '../../../actors/services/payment/payment.store.ts';
import type { Keyed } from './merge-join.ts';

/** What the actor of a checkout or an order still wants to do. */
export interface WantedEffect {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
}

/** A row of a saga or an order; `undefined` state: it can't be read. */
export interface StoredSaga<S> {
  readonly state: S | undefined;
  readonly wanted: readonly WantedEffect[];
}

export interface StoredEvent {
  readonly outboxId: string;
  readonly partitionKey: string;
  readonly payload: unknown;
  /** Milliseconds since the epoch; undefined: it waits for the event log. */
  readonly processedAt: number | undefined;
}

export interface StoredPayment {
  readonly status: PaymentStatus;
  readonly amountCents: number;
  readonly currency: string;
}

export interface StoredReservation {
  readonly id: string;
  readonly status: ReservationStatus;
  readonly items: readonly { readonly productId: number; readonly quantity: number }[];
}

/** What the stores hold of one checkout. */
export interface CheckoutRows {
  session: StoredSaga<CheckoutSession>;
  order: StoredSaga<Order>;
  event: StoredEvent;
  payment: StoredPayment;
  reservation: StoredReservation;
}

const rowsAtOnce = 200;

/** All in the order of their ids, a few in memory at a time. The client is within a transaction. */
export function checkoutRowsIn(client: Client): {
  [K in 'session' | 'order' | 'event']: AsyncIterable<Keyed<CheckoutRows[K]>>;
} {
  return {
    session: mapped(
      cursor(client, 'sessions', 'SELECT id::text AS "#id", * FROM checkout_sessions ORDER BY id'),
      sessionOf,
    ),
    order: mapped(
      cursor(client, 'orders', 'SELECT checkout_id::text AS "#id", * FROM orders ORDER BY checkout_id'),
      storedOrderOf,
    ),
    event: mapped(
      cursor(
        client,
        'events',
        `SELECT aggregate_id AS "#id", id::text, partition_key, payload, processed_at FROM outbox_events
         ORDER BY aggregate_id COLLATE "C", outbox_events.id`,
      ),
      (row) => ({
        outboxId: String(row['id']),
        partitionKey: String(row['partition_key']),
        payload: row['payload'],
        processedAt: typeof row['processed_at'] === 'string' ? Date.parse(row['processed_at']) : undefined,
      }),
    ),
  };
}

const sessionOf = (row: PostgresRow) =>
  sagaOf(row, () => CheckoutState.parse(checkoutTable.fromRow(row)).session ?? undefined);
const storedOrderOf = (row: PostgresRow) => sagaOf(row, () => orderFromRow(row));

/** What there is of one checkout, where it can be read. */
export async function storedCheckout(
  client: Client,
  id: string,
): Promise<{ readonly session: CheckoutSession | undefined; readonly order: Order | undefined }> {
  const row = async (sql: string): Promise<PostgresRow | undefined> => {
    const { rows } = await client.query<Record<string, unknown>>(sql, [id]);
    return rows[0] && withIsoTimes(rows[0]);
  };
  const session = await row('SELECT * FROM checkout_sessions WHERE id = $1');
  const order = await row('SELECT * FROM orders WHERE checkout_id = $1');
  return { session: session && sessionOf(session).state, order: order && storedOrderOf(order).state };
}

export function* paymentsIn(database: SqliteDatabase): Generator<Keyed<StoredPayment>> {
  const rows = database.prepare<[], StoredPayment & { id: string }>(
    `SELECT checkout_id AS id, status, amount_cents AS amountCents, currency FROM payments ORDER BY checkout_id`,
  );
  for (const { id, ...row } of rows.iterate()) yield { id, row };
}

/** Those that are of a checkout: a tombstone is of nobody. */
export function* reservationsIn(database: SqliteDatabase): Generator<Keyed<StoredReservation>> {
  const rows = database.prepare<[], { id: string; checkoutId: string; status: ReservationStatus }>(
    `SELECT id, checkout_id AS checkoutId, status FROM reservations
     WHERE checkout_id IS NOT NULL ORDER BY checkout_id`,
  );
  const items = database.prepare<[string], StoredReservation['items'][number]>(
    `SELECT product_id AS productId, quantity FROM reservation_items WHERE reservation_id = ? ORDER BY product_id`,
  );
  for (const { id, checkoutId, status } of rows.iterate())
    yield { id: checkoutId, row: { id, status, items: items.all(id) } };
}

async function* cursor(client: Client, name: string, sql: string): AsyncGenerator<PostgresRow> {
  await client.query(`DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`);
  try {
    for (;;) {
      const { rows } = await client.query<Record<string, unknown>>(`FETCH ${rowsAtOnce} FROM ${name}`);
      if (rows.length === 0) return;
      yield* rows.map(withIsoTimes);
    }
  } finally {
    // A transaction that failed has no cursors any more.
    await client.query(`CLOSE ${name}`).catch(() => undefined);
  }
}

async function* mapped<R>(
  rows: AsyncIterable<PostgresRow>,
  read: (row: PostgresRow) => R,
): AsyncGenerator<Keyed<R>> {
  for await (const row of rows) yield { id: String(row['#id']), row: read(row) };
}

/** As the stores of the actors give their rows to the mappings. */
function withIsoTimes(row: PostgresRow): PostgresRow {
  const entries = Object.entries(row);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isDate(value) ? value.toISOString() : value]),
  );
}

const isDate = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());

/** Whatever is wrong with a row is a finding, and no reason to stop. */
function sagaOf<S>(row: PostgresRow, read: () => S | undefined): StoredSaga<S> {
  const wanted = wantedIn(row['runtime']);
  try {
    return { state: wanted === undefined ? undefined : read(), wanted: wanted ?? [] };
  } catch {
    return { state: undefined, wanted: wanted ?? [] };
  }
}

/** The effects in what the runtime keeps of an actor; undefined: it is not of that form. */
export function wantedIn(runtime: unknown): WantedEffect[] | undefined {
  const effects: unknown = (runtime as { effects?: unknown } | null)?.effects;
  if (!Array.isArray(effects)) return undefined;
  return effects.map((effect: Partial<WantedEffect> | null) => ({
    id: String(effect?.id),
    notBefore: Number(effect?.notBefore),
  }));
}
