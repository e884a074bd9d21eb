import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf } from '@trolley/runtime';
import { openSqlite, type SqliteDatabase } from '@trolley/runtime/sqlite';
import { InventoryLedger } from './inventory.ledger.ts';
import { inventoryMigrations, seedStock } from './inventory.schema.ts';
import { InventoryStore, type ReservationStatus, type ReservedItem } from './inventory.store.ts';
import { reservationIdFor } from './reservation-id.ts';

const ttlMs = 100;
const options = { reservationTtlMs: ttlMs, retentionMs: 1e9, soldRetentionMs: 1e9 };

/** The rules once more, as plainly as can be: what the ledger must answer, and what is where. */
class Model {
  readonly stocked = new Map([1, 2, 3].map((id) => [id, 10]));
  readonly held = new Map<string, { status: ReservationStatus; items: ReservedItem[]; expiresAt: number }>();
  now = 0;

  inPlace(productId: number, status: 'reserved' | 'confirmed'): number {
    const items = [...this.held.values()].flatMap((each) => (each.status === status ? each.items : []));
    return items.reduce((sum, item) => sum + (item.productId === productId ? item.quantity : 0), 0);
  }

  available(productId: number): number {
    const stocked = this.stocked.get(productId) ?? 0;
    return stocked - this.inPlace(productId, 'reserved') - this.inPlace(productId, 'confirmed');
  }

  /** What is past its time is back on sale for whoever looks, swept or not. */
  expire(): void {
    for (const each of this.held.values()) {
      if (each.status === 'reserved' && each.expiresAt <= this.now) each.status = 'expired';
    }
  }

  reserve(checkout: string, items: ReservedItem[]): string {
    const current = this.held.get(checkout);
    if (current?.status === 'reserved' || current?.status === 'confirmed') {
      return JSON.stringify(current.items) === JSON.stringify(items) ? 'ok' : 'conflict';
    }
    if (current !== undefined && current.status !== 'expired') return 'conflict';
    if (items.some((item) => !this.stocked.has(item.productId))) return 'not_found';
    if (items.some((item) => this.available(item.productId) < item.quantity)) return 'insufficient_stock';
    this.held.set(checkout, { status: 'reserved', items, expiresAt: this.now + ttlMs });
    return 'ok';
  }

  confirm(checkout: string): string {
    const current = this.held.get(checkout);
    if (current === undefined) return 'not_found';
    if (current.status === 'expired') return 'expired';
    if (current.status !== 'reserved' && current.status !== 'confirmed') return 'conflict';
    current.status = 'confirmed';
    return 'ok';
  }

  release(checkout: string): string {
    const current = this.held.get(checkout);
    if (current === undefined || current.status === 'tombstone') {
      this.held.set(checkout, { status: 'tombstone', items: [], expiresAt: 0 });
      return 'unknown';
    }
    if (current.status === 'confirmed' || current.status === 'restocked') return 'conflict';
    current.status = 'released';
    return 'ok';
  }

  restock(checkout: string): string {
    const current = this.held.get(checkout);
    if (current === undefined) return 'not_found';
    if (current.status !== 'confirmed' && current.status !== 'restocked') return 'conflict';
    current.status = 'restocked';
    return 'ok';
  }

  setStock(productId: number, available: number): string {
    const before = this.stocked.get(productId) ?? 0;
    this.stocked.set(productId, before - this.available(productId) + available);
    return 'ok';
  }
}

/** The ledger on a real file, each call a transaction of its own. */
class Shop {
  readonly #file: string;
  readonly database: SqliteDatabase;
  readonly store: InventoryStore;
  readonly ledger: InventoryLedger;

  private constructor(file: string, database: SqliteDatabase) {
    this.#file = file;
    this.database = database;
    this.store = new InventoryStore(database);
    this.ledger = new InventoryLedger(this.store, options);
  }

  static async open(file: string): Promise<Shop> {
    const seed = (database: SqliteDatabase) => {
      seedStock(database, 10);
      database.exec('DELETE FROM stock WHERE product_id > 3');
    };
    const database = await openSqlite({ file, migrations: inventoryMigrations, seed });
    database.pragma('synchronous = OFF');
    return new Shop(file, database);
  }

  restarted(): Promise<Shop> {
    this.database.close();
    return Shop.open(this.#file);
  }

  try(work: () => unknown): string {
    try {
      const outcome = this.database.transaction(work)();
      return outcome === 'expired' || outcome === 'unknown' ? outcome : 'ok';
    } catch (error) {
      if (codeOf(error) === 'internal') throw error;
      return codeOf(error);
    }
  }
}

interface Step {
  readonly text: string;
  run(shop: Shop, model: Model): { got: string; wanted: string };
  readonly restarts?: true;
}

const step = (text: string, run: Step['run']): Step => ({ text, run });
const checkout = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const items = fc
  .uniqueArray(
    fc.record({
      productId: fc.constantFrom(1, 1, 2, 2, 2, 3, 3, 3, 3, 4),
      quantity: fc.integer({ min: 1, max: 5 }),
    }),
    {
      minLength: 1,
      maxLength: 3,
      selector: (item) => item.productId,
    },
  )
  .map((lines) => lines.sort((a, b) => a.productId - b.productId));

const onReservation = (name: 'confirm' | 'release' | 'restock') =>
  checkout.map((id) =>
    step(`${name} ${id}`, (shop, model) => ({
      got: shop.try(() => shop.ledger[name](reservationIdFor(id), model.now)),
      wanted: model[name](id),
    })),
  );
const fine = { got: 'ok', wanted: 'ok' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(checkout, items).map(([id, lines]) =>
        step(`reserve ${id} ${JSON.stringify(lines)}`, (shop, model) => ({
          got: shop.try(() => shop.ledger.reserve(id, lines, model.now)),
          wanted: model.reserve(id, lines),
        })),
      ),
    },
    { weight: 3, arbitrary: onReservation('confirm') },
    { weight: 1, arbitrary: onReservation('release') },
    { weight: 1, arbitrary: onReservation('restock') },
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 20 })).map(([productId, available]) =>
      step(`set stock of ${productId} to ${available}`, (shop, model) => {
        // On a swept shop: what is set is what is there, not what would be there after a sweep.
        shop.try(() => shop.ledger.expireDue(model.now));
        return {
          got: shop.try(() => shop.store.setStock(productId, available)),
          wanted: model.setStock(productId, available),
        };
      }),
    ),
    fc.constantFrom(1, ttlMs / 2, ttlMs / 2 - 1).map((ms) =>
      step(`wait ${ms}`, (_shop, model) => {
        model.now += ms;
        return fine;
      }),
    ),
    fc.constant(
      step('sweep', (shop, model) => {
        shop.try(() => shop.ledger.expireDue(model.now));
        return fine;
      }),
    ),
    fc.constant({ ...step('restart', () => fine), restarts: true as const }),
  ),
  // fast-check prefers short sequences, in which nothing gets far enough to go wrong.
  { minLength: 20, maxLength: 60, size: 'max' },
);

describe('the stock, under any sequence of calls, expiries and restarts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-stock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('answers as the rules say, and adds up after each', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        run += 1;
        let shop = await Shop.open(join(folder, `${run}.sqlite`));
        const model = new Model();
        try {
          for (const each of sequence) {
            model.expire();
            if (each.restarts) shop = await shop.restarted();
            const { got, wanted } = each.run(shop, model);
            expect(got, each.text).to.equal(wanted);
            checkRows(shop, each.text);
          }
          model.expire();
          while (shop.ledger.expireDue(model.now) > 0);
          for (const productId of model.stocked.keys()) {
            expect(shop.store.stock(productId), `stock of ${productId}`).to.deep.equal({
              productId,
              available: model.available(productId),
              reserved: model.inPlace(productId, 'reserved'),
              sold: model.inPlace(productId, 'confirmed'),
              stocked: model.stocked.get(productId),
            });
          }
        } finally {
          shop.database.close();
        }
      }),
      { numRuns: 70 },
    );
  });

  it('cannot be brought to hold a unit twice, whatever the program does', async () => {
    const shop = await Shop.open(join(folder, 'checks.sqlite'));
    for (const change of [
      'available = available + 1',
      'reserved = -1, available = available + 1',
      'stocked = 0',
    ]) {
      expect(() => shop.database.exec(`UPDATE stock SET ${change} WHERE product_id = 1`), change).to.throw(
        'CHECK',
      );
    }
    shop.database.close();
  });
});

/** What the reservations hold is what the stock says is held. */
function checkRows(shop: Shop, text: string): void {
  const wrong = shop.database
    .prepare(
      `SELECT * FROM (
         SELECT s.*,
           (SELECT coalesce(sum(quantity), 0) FROM reservation_items i JOIN reservations r ON r.id = i.reservation_id
            WHERE i.product_id = s.product_id AND r.status = 'reserved') AS held,
           (SELECT coalesce(sum(quantity), 0) FROM reservation_items i JOIN reservations r ON r.id = i.reservation_id
            WHERE i.product_id = s.product_id AND r.status = 'confirmed') AS bought
         FROM stock s)
       WHERE available + reserved + sold <> stocked OR reserved <> held OR sold <> bought`,
    )
    .all();
  expect(wrong, `after ${text}`).to.deep.equal([]);
}
