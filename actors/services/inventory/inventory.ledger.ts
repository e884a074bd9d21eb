import type { ActorError } from '@trolley/runtime';
import { shortageDetails, type Shortage } from '../../values/shortage.contract.ts';
import { RpcError } from '../grpc/rpc-error.ts';
import type { InventoryStore, Reservation, ReservedItem } from './inventory.store.ts';
import { reservationIdFor } from './reservation-id.ts';

export interface LedgerOptions {
  /** How long stock is held for a checkout that says nothing. */
  readonly reservationTtlMs: number;
  /** How long what is released, expired or a tombstone is remembered. */
  readonly retentionMs: number;
  /** How long what was sold can be restocked. */
  readonly soldRetentionMs: number;
}

const batch = 500;

/**
 * The rules of the stock. Each method is one unit of work within a transaction: what throws has changed
 * nothing. Where a refusal itself changes something, it is returned instead.
 */
export class InventoryLedger {
  readonly #store: InventoryStore;
  readonly #options: LedgerOptions;

  constructor(store: InventoryStore, options: LedgerOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * All of `items`, which name each product once, or nothing. Throws `not_found` for an unknown product,
   * `insufficient_stock`, and `conflict` when the checkout has other items reserved or has been released.
   */
  reserve(checkoutId: string, items: readonly ReservedItem[], now: number): Reservation {
    const id = reservationIdFor(checkoutId);
    const current = this.#expireIfDue(this.#store.reservation(id), now);
    if (current?.status === 'reserved' || current?.status === 'confirmed') {
      if (sameItems(items, this.#store.items(id))) return current;
      throw wrongStatus(current, 'has other items reserved');
    }
    // An expired one may be tried again; a released one was given up, and this call is a late one.
    if (current !== undefined && current.status !== 'expired')
      throw wrongStatus(current, `is ${current.status}`);
    this.#checkStock(items, now);
    const expiresAt = now + this.#options.reservationTtlMs;
    const reservation: Reservation = {
      id,
      checkoutId,
      status: 'reserved',
      expiresAt,
      createdAt: current?.createdAt ?? now,
      updatedAt: now,
    };
    this.#store.put(reservation, items);
    this.#store.move('reserve', id);
    return reservation;
  }

  /** `expired`: the time was up, and the stock has been given back. Throws `not_found` and `conflict`. */
  confirm(id: string, now: number): 'confirmed' | 'expired' {
    const current = this.#expireIfDue(this.#known(id), now);
    if (current.status === 'expired') return 'expired';
    if (current.status === 'confirmed') return 'confirmed';
    if (current.status !== 'reserved') throw wrongStatus(current, `is ${current.status}`);
    this.#store.move('sell', id);
    this.#store.setStatus(id, 'confirmed', now);
    return 'confirmed';
  }

  /**
   * Also an expired one becomes released, so that a late Reserve is refused. `unknown`: there was none,
   * and now there is a tombstone to the same end. Throws `conflict` when it is sold.
   */
  release(id: string, now: number): 'released' | 'unknown' {
    const current = this.#store.reservation(id);
    if (current === undefined) {
      const tombstone = { id, checkoutId: null, status: 'tombstone', expiresAt: now } as const;
      this.#store.put({ ...tombstone, createdAt: now, updatedAt: now }, []);
      return 'unknown';
    }
    switch (current.status) {
      case 'tombstone':
        return 'unknown';
      case 'released':
        return 'released';
      case 'reserved':
        this.#store.move('giveBack', id);
        break;
      case 'expired':
        break;
      default:
        throw wrongStatus(current, `is ${current.status}`);
    }
    this.#store.setStatus(id, 'released', now);
    return 'released';
  }

  /** Gives back what was sold, once. Throws `not_found`, and `conflict` when it was never sold. */
  restock(id: string, now: number): void {
    const current = this.#known(id);
    if (current.status === 'restocked') return;
    if (current.status !== 'confirmed') throw wrongStatus(current, `is ${current.status}`);
    this.#store.move('restock', id);
    this.#store.setStatus(id, 'restocked', now);
  }

  /** Gives back what is held past its time; returns how many reservations, at most one batch. */
  expireDue(now: number): number {
    const due = this.#store.due(now, batch);
    for (const reservation of due) this.#expireIfDue(reservation, now);
    return due.length;
  }

  /** Deletes what is past its retention; returns how many, at most one batch. */
  forgetOld(now: number): number {
    return this.#store.forget(now - this.#options.retentionMs, now - this.#options.soldRetentionMs, batch);
  }

  #known(id: string): Reservation {
    const reservation = this.#store.reservation(id);
    if (reservation === undefined) throw new RpcError('not_found', `there is no reservation ${id}`);
    return reservation;
  }

  #expireIfDue<R extends Reservation | undefined>(reservation: R, now: number): R {
    if (reservation?.status !== 'reserved' || reservation.expiresAt > now) return reservation;
    this.#store.move('giveBack', reservation.id);
    this.#store.setStatus(reservation.id, 'expired', now);
    return { ...reservation, status: 'expired', updatedAt: now };
  }

  #checkStock(items: readonly ReservedItem[], now: number): void {
    const stock = items.map(({ productId }) => this.#store.stock(productId)?.available);
    const unknown = items.filter((_, index) => stock[index] === undefined);
    if (unknown.length > 0) {
      const ids = unknown.map(({ productId }) => productId).join(', ');
      const none = unknown.map(({ productId, quantity }) => ({
        productId,
        requested: quantity,
        available: 0,
      }));
      throw new RpcError('not_found', `there is no product ${ids}`, { details: shortageDetails(none) });
    }
    if (items.every(({ quantity }, index) => quantity <= (stock[index] ?? 0))) return;
    // What is held past its time is on sale, also when the sweep has not come by yet.
    while (this.expireDue(now) === batch);
    const shortages = this.#shortages(items);
    if (shortages.length === 0) return;
    const sentences = shortages.map(
      ({ productId, requested, available }) =>
        `of product ${productId} there are ${available}, not ${requested}`,
    );
    throw new RpcError('insufficient_stock', sentences.join('; '), { details: shortageDetails(shortages) });
  }

  /** Of products that are known. */
  #shortages(items: readonly ReservedItem[]): Shortage[] {
    return items
      .map(({ productId, quantity }) => {
        const { available = 0 } = this.#store.stock(productId) ?? {};
        return { productId, requested: quantity, available };
      })
      .filter(({ requested, available }) => available < requested);
  }
}

function sameItems(some: readonly ReservedItem[], others: readonly ReservedItem[]): boolean {
  const quantities = new Map(others.map((item) => [item.productId, item.quantity]));
  return (
    some.length === others.length && some.every((item) => quantities.get(item.productId) === item.quantity)
  );
}

/** `status` in the details tells a caller what stands in the way without reading the sentence. */
export function wrongStatus({ id, status }: Pick<Reservation, 'id' | 'status'>, why: string): ActorError {
  return new RpcError('conflict', `reservation ${id} ${why}`, { details: { status } });
}
