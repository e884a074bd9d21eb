import type { SqliteDatabase } from '@trolley/runtime/sqlite';

export type PaymentStatus = 'charged' | 'failed' | 'refunded' | 'tombstone';

export interface StoredPayment {
  readonly checkoutId: string;
  readonly paymentId: string;
  readonly status: PaymentStatus;
  /** 0 for a tombstone. */
  readonly amountCents: number;
  readonly currency: string;
  /** Empty unless charged, also when refunded since. */
  readonly transactionId: string;
  /** Snake case, e.g. `card_declined`; empty unless failed. */
  readonly refusal: string;
  /** This and the next: milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The rows of payments. */
export class PaymentStore {
  readonly #get;
  readonly #insert;
  readonly #refund;
  readonly #forget;

  constructor(database: SqliteDatabase) {
    this.#get = database.prepare<[string], StoredPayment>(
      `SELECT checkout_id AS checkoutId, payment_id AS paymentId, status, amount_cents AS amountCents, currency,
         transaction_id AS transactionId, refusal, created_at AS createdAt, updated_at AS updatedAt
       FROM payments WHERE checkout_id = ?`,
    );
    this.#insert = database.prepare<[StoredPayment]>(
      `INSERT INTO payments (checkout_id, payment_id, status, amount_cents, currency, transaction_id, refusal,
         created_at, updated_at)
       VALUES (@checkoutId, @paymentId, @status, @amountCents, @currency, @transactionId, @refusal,
         @createdAt, @updatedAt)`,
    );
    this.#refund = database.prepare<[{ checkoutId: string; now: number }]>(
      `UPDATE payments SET status = 'refunded', updated_at = @now
       WHERE checkout_id = @checkoutId AND status = 'charged'`,
    );
    this.#forget = database.prepare<[{ before: number; limit: number }]>(
      `DELETE FROM payments WHERE checkout_id IN (
         SELECT checkout_id FROM payments WHERE status = 'tombstone' AND updated_at < @before
         ORDER BY updated_at LIMIT @limit)`,
    );
  }

  get(checkoutId: string): StoredPayment | undefined {
    return this.#get.get(checkoutId);
  }

  insert(payment: StoredPayment): void {
    this.#insert.run(payment);
  }

  refund(checkoutId: string, now: number): void {
    this.#refund.run({ checkoutId, now });
  }

  /** Deletes tombstones older than this, at most `limit`. */
  forgetTombstones(before: number, limit: number): number {
    return this.#forget.run({ before, limit }).changes;
  }
}
