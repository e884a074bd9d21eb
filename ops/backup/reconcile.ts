import type { Client } from 'pg';
import type { SqliteDatabase } from '../../runtime/storage/sqlite/sqlite-database.ts';
import type { Moment } from './moment.ts';

/** What one store says and another denies. */
export interface Mismatch {
  /** A sentence about all of them. */
  readonly what: string;
  readonly count: number;
  /** Ids of checkouts, some of them. */
  readonly checkouts: readonly string[];
}

const batch = 1_000;
const shownIds = 10;
/** The inventory forgets what it sold after 365 days. */
const soldRemembered = `interval '360 days'`;

/** A line for a person. */
export function inWords({ what, count, checkouts }: Mismatch): string {
  const more = count > checkouts.length ? ', …' : '';
  return `${count} checkouts ${what}: ${checkouts.join(', ')}${more}`;
}

/** Holds the stores of one moment against each other, in batches. An empty list: they agree. */
export async function reconcile(moment: Moment): Promise<Mismatch[]> {
  const client = moment.postgres?.client;
  if (client === undefined) return [];
  const file = (name: string) => moment.files.find((each) => each.name === name)?.database;
  const [payments, inventory, carts] = ['payment.sqlite', 'inventory.sqlite', 'carts.sqlite'].map(file);
  const found: (Mismatch | undefined)[] = [];
  if (payments !== undefined) {
    found.push(
      await unknownCheckouts(client, {
        what: 'charged, and PostgreSQL knows no such checkout: refund them',
        ids: idsIn(payments, `SELECT checkout_id AS id FROM payments WHERE status = 'charged'`),
      }),
      await unmatched(client, {
        what: 'completed, and the payment service has no charge: the money was never taken, or its record is lost',
        sql: `SELECT id FROM checkout_sessions WHERE status = 'COMPLETED'`,
        has: holds(payments, `checkout_id = ? AND status IN ('charged', 'refunded')`, 'payments'),
      }),
    );
  }
  if (inventory !== undefined) {
    found.push(
      await unknownCheckouts(client, {
        what: 'holding stock, and PostgreSQL knows no such checkout: put the units back by hand',
        ids: idsIn(
          inventory,
          `SELECT checkout_id AS id FROM reservations
           WHERE status IN ('reserved', 'confirmed') AND checkout_id IS NOT NULL`,
        ),
      }),
      await unmatched(client, {
        what: 'completed, and the inventory has sold nothing: the units are for sale again',
        sql: `SELECT id FROM checkout_sessions
              WHERE status = 'COMPLETED' AND completed_at > now() - ${soldRemembered}`,
        has: holds(inventory, `checkout_id = ? AND status IN ('confirmed', 'restocked')`, 'reservations'),
      }),
    );
  }
  if (carts !== undefined) {
    found.push(
      await unknownCheckouts(client, {
        what: 'taken out of a cart as bought, and PostgreSQL knows no such checkout: their orders are lost',
        ids: idsIn(
          carts,
          `SELECT bought.value AS id FROM actor_cart, json_each(actor_cart.state, '$.settled') AS bought`,
        ),
      }),
    );
  }
  return found.filter((each) => each !== undefined);
}

interface Claimed {
  readonly what: string;
  readonly ids: Iterable<string>;
}

async function unknownCheckouts(client: Client, { what, ids }: Claimed): Promise<Mismatch | undefined> {
  const missing = new Tally(what);
  for (const some of inBatches(ids)) {
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM unnest($1::uuid[]) AS id
       WHERE NOT EXISTS (SELECT FROM checkout_sessions WHERE checkout_sessions.id = id.id)`,
      [some],
    );
    for (const { id } of rows) missing.add(id);
  }
  return missing.mismatch;
}

interface Expected {
  readonly what: string;
  /** Of checkouts, with a column `id`. */
  readonly sql: string;
  readonly has: (checkoutId: string) => boolean;
}

async function unmatched(client: Client, { what, sql, has }: Expected): Promise<Mismatch | undefined> {
  const missing = new Tally(what);
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM (${sql}) AS checkouts WHERE id > $1::uuid ORDER BY id LIMIT ${batch}`,
      [after],
    );
    for (const { id } of rows) if (!has(id)) missing.add(id);
    const last = rows.at(-1);
    if (last === undefined) return missing.mismatch;
    after = last.id;
  }
}

function* idsIn(database: SqliteDatabase, sql: string): Generator<string> {
  for (const { id } of database.prepare<[], { id: string }>(sql).iterate()) yield id;
}

function* inBatches(ids: Iterable<string>): Generator<string[]> {
  let some: string[] = [];
  for (const id of ids) {
    some.push(id);
    if (some.length < batch) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

function holds(database: SqliteDatabase, condition: string, table: string): (id: string) => boolean {
  const statement = database.prepare<[string]>(`SELECT 1 FROM ${table} WHERE ${condition}`);
  return (id) => statement.get(id) !== undefined;
}

class Tally {
  readonly #what: string;
  readonly #ids: string[] = [];
  #count = 0;

  constructor(what: string) {
    this.#what = what;
  }

  add(id: string): void {
    this.#count++;
    if (this.#ids.length < shownIds) this.#ids.push(id);
  }

  get mismatch(): Mismatch | undefined {
    if (this.#count === 0) return undefined;
    return { what: this.#what, count: this.#count, checkouts: this.#ids };
  }
}
