import type { SqliteDatabase } from '@trolley/runtime/sqlite';

export interface Stock {
  readonly productId: number;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  /** All that was ever put in; the sum of the other three. */
  readonly stocked: number;
}

/** The three places where a unit can be. */
export type Place = 'available' | 'reserved' | 'sold';

export type ReservationStatus = 'reserved' | 'confirmed' | 'released' | 'expired' | 'restocked' | 'tombstone';

export interface ReservedItem {
  readonly productId: number;
  readonly quantity: number;
}

export interface Reservation {
  readonly id: string;
  /** Null for a tombstone. */
  readonly checkoutId: string | null;
  readonly status: ReservationStatus;
  /** This and the other times: milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface Forgetting {
  /** Milliseconds since the epoch. */
  readonly before: number;
  readonly limit: number;
}

/** The rows of stock and reservations. Knows no rules; the ledger does. */
export class InventoryStore {
  readonly #stock;
  readonly #setStock;
  readonly #move;
  readonly #reservation;
  readonly #items;
  readonly #put;
  readonly #putItem;
  readonly #dropItems;
  readonly #setStatus;
  readonly #due;
  readonly #forgetUnsold;
  readonly #countForgotten;
  readonly #forgetSold;

  constructor(database: SqliteDatabase) {
    this.#stock = database.prepare<[number], Stock>(
      `SELECT product_id AS productId, available, reserved, sold, stocked FROM stock WHERE product_id = ?`,
    );
    this.#setStock = database.prepare<[{ productId: number; available: number }]>(
      `INSERT INTO stock (product_id, available, stocked) VALUES (@productId, @available, @available)
       ON CONFLICT DO UPDATE SET available = @available, stocked = stocked - available + @available`,
    );
    const move = (from: Place, to: Place) =>
      database.prepare<[string]>(
        `UPDATE stock SET ${from} = ${from} - quantity, ${to} = ${to} + quantity
         FROM reservation_items WHERE reservation_id = ? AND stock.product_id = reservation_items.product_id`,
      );
    this.#move = {
      reserve: move('available', 'reserved'),
      sell: move('reserved', 'sold'),
      giveBack: move('reserved', 'available'),
      restock: move('sold', 'available'),
    };
    this.#reservation = database.prepare<[string], Reservation>(
      `SELECT id, checkout_id AS checkoutId, status, expires_at AS expiresAt, created_at AS createdAt,
         updated_at AS updatedAt
       FROM reservations WHERE id = ?`,
    );
    this.#items = database.prepare<[string], ReservedItem>(
      `SELECT product_id AS productId, quantity FROM reservation_items
       WHERE reservation_id = ? ORDER BY product_id`,
    );
    this.#put = database.prepare<[Reservation]>(
      `INSERT INTO reservations (id, checkout_id, status, expires_at, created_at, updated_at)
       VALUES (@id, @checkoutId, @status, @expiresAt, @createdAt, @updatedAt)
       ON CONFLICT (id) DO UPDATE SET status = @status, expires_at = @expiresAt, updated_at = @updatedAt`,
    );
    this.#putItem = database.prepare<[{ id: string; productId: number; quantity: number }]>(
      `INSERT INTO reservation_items (reservation_id, product_id, quantity) VALUES (@id, @productId, @quantity)`,
    );
    this.#dropItems = database.prepare<[string]>(`DELETE FROM reservation_items WHERE reservation_id = ?`);
    this.#setStatus = database.prepare<[{ id: string; status: ReservationStatus; now: number }]>(
      `UPDATE reservations SET status = @status, updated_at = @now WHERE id = @id`,
    );
    this.#due = database.prepare<[{ now: number; limit: number }], Reservation>(
      `SELECT id, checkout_id AS checkoutId, status, expires_at AS expiresAt, created_at AS createdAt,
         updated_at AS updatedAt
       FROM reservations WHERE status = 'reserved' AND expires_at <= @now ORDER BY expires_at LIMIT @limit`,
    );
    const old = (statuses: string) =>
      `SELECT id FROM reservations WHERE status IN (${statuses}) AND updated_at < @before
       ORDER BY updated_at, id LIMIT @limit`;
    const [unsold, sold] = [old(`'released', 'expired', 'tombstone'`), old(`'confirmed', 'restocked'`)];
    const forget = (which: string) =>
      database.prepare<[Forgetting]>(`DELETE FROM reservations WHERE id IN (${which})`);
    this.#forgetUnsold = forget(unsold);
    this.#countForgotten = database.prepare<[Forgetting]>(
      `UPDATE stock SET forgotten = forgotten + units
       FROM (SELECT product_id AS product, sum(quantity) AS units
             FROM reservation_items JOIN reservations ON reservations.id = reservation_id
             WHERE status = 'confirmed' AND reservations.id IN (${sold}) GROUP BY product_id)
       WHERE product_id = product`,
    );
    this.#forgetSold = forget(sold);
  }

  stock(productId: number): Stock | undefined {
    return this.#stock.get(productId);
  }

  setStock(productId: number, available: number): void {
    this.#setStock.run({ productId, available });
  }

  /** The stock that a reservation is of. */
  move(how: 'reserve' | 'sell' | 'giveBack' | 'restock', reservationId: string): void {
    this.#move[how].run(reservationId);
  }

  reservation(id: string): Reservation | undefined {
    return this.#reservation.get(id);
  }

  /** In the order of the product ids. */
  items(reservationId: string): ReservedItem[] {
    return this.#items.all(reservationId);
  }

  put(reservation: Reservation, items: readonly ReservedItem[]): void {
    const { id } = reservation;
    this.#put.run(reservation);
    // Also those that stayed when somebody deleted their reservation in a shell, where SQLite does not look after that.
    this.#dropItems.run(id);
    for (const { productId, quantity } of items) this.#putItem.run({ id, productId, quantity });
  }

  setStatus(id: string, status: ReservationStatus, now: number): void {
    this.#setStatus.run({ id, status, now });
  }

  /** Reservations whose time is up, at most `limit`. */
  due(now: number, limit: number): Reservation[] {
    return this.#due.all({ now, limit });
  }

  /** Deletes finished reservations and tombstones last changed before these times, at most `limit`. */
  forget(unsoldBefore: number, soldBefore: number, limit: number): number {
    const unsold = this.#forgetUnsold.run({ before: unsoldBefore, limit }).changes;
    const forgetting = { before: soldBefore, limit: limit - unsold };
    this.#countForgotten.run(forgetting);
    return unsold + this.#forgetSold.run(forgetting).changes;
  }
}
