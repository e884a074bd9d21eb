import type { SqliteDatabase } from '@trolley/runtime/sqlite';
import type { Snapshot } from '../stores/snapshot.ts';
import { checkoutRowsIn, paymentsIn, reservationsIn, type CheckoutRows } from './checkout-facts.ts';
import type { EventGaps } from './event-gap.ts';
import { examineCarts } from './examine-carts.ts';
import { examineCheckout } from './examine-checkout.ts';
import { examineFile } from './examine-file.ts';
import { examineStock } from './examine-stock.ts';
import type { Area } from './faults.ts';
import { Findings } from './findings.ts';
import { mergeJoin } from './merge-join.ts';
import { cartsIn, type StoredCart } from './stored-carts.ts';

/** What the stores of a moment are held against besides each other. */
export interface ReconcileOptions {
  /** Milliseconds since the epoch. */
  readonly asOf: number;
  readonly sessionRetentionMs: number;
  /** Read before the moment. */
  readonly gaps: EventGaps;
  /** Those that are not in a file, as they are now. */
  readonly carts?: AsyncIterable<StoredCart> | undefined;
  /** Checkouts that were woken a moment ago. */
  readonly woken?: ReadonlySet<string>;
  /** Told now and then how many checkouts were looked at. */
  readonly onProgress?: (checkouts: number) => void;
}

const tellEvery = 50_000;

/** Holds the stores of one moment against each other, row by row. */
export async function reconcile(moment: Snapshot, options: ReconcileOptions): Promise<Findings> {
  const findings = new Findings();
  const file = (name: string) => moment.files.find((each) => each.name === name)?.database;
  const [payments, inventory, carts] = [
    file('payment.sqlite'),
    file('inventory.sqlite'),
    file('carts.sqlite'),
  ];
  for (const each of moment.files) examineFile(each, findings);
  if (inventory !== undefined) {
    try {
      examineStock(inventory, findings);
    } catch (error) {
      findings.markUnread('stock', damageIn(error));
    }
  }
  if (moment.postgres === undefined) return findings;
  const { client: then, present: now } = moment.postgres;
  const has = { payments: payments !== undefined, reservations: inventory !== undefined };
  const grounds = { ...options, woken: options.woken ?? new Set<string>(), has };
  const missing = (area: 'payments' | 'reservations') => () => (has[area] = false);
  const joined = mergeJoin<CheckoutRows>({
    ...checkoutRowsIn(then),
    payment: readable(payments, paymentsIn, { area: 'payments', findings, onDamage: missing('payments') }),
    reservation: readable(inventory, reservationsIn, {
      area: 'reservations',
      findings,
      onDamage: missing('reservations'),
    }),
  });
  let looked = 0;
  for await (const found of joined) {
    examineCheckout(found, grounds, findings);
    if (++looked % tellEvery === 0) options.onProgress?.(looked);
  }
  const storedCarts =
    options.carts ?? readable(carts, cartsIn, { area: 'carts', findings, onDamage: () => undefined });
  try {
    await examineCarts(storedCarts, { then, now }, grounds, findings);
  } catch (error) {
    findings.markUnread('carts', damageIn(error));
  }
  return findings;
}

interface Reading {
  readonly area: Area;
  readonly findings: Findings;
  readonly onDamage: () => void;
}

/** What can be read of a file. That the rest can't be is a finding; from then on nothing counts as missing there. */
function* readable<R>(
  database: SqliteDatabase | undefined,
  read: (database: SqliteDatabase) => Iterable<R>,
  { area, findings, onDamage }: Reading,
): Generator<R> {
  if (database === undefined) return;
  try {
    yield* read(database);
  } catch (error) {
    findings.markUnread(area, damageIn(error));
    onDamage();
  }
}

/** @throws what is not about the store that was read */
function damageIn(error: unknown): string {
  if (error instanceof Error && /^(SqliteError$|Mongo)/.test(error.name)) return error.message;
  throw error;
}
