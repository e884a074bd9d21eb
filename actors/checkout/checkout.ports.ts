import type { Clock } from '@trolley/runtime';
import type { CartLine } from '../cart/cart.contract.ts';
import type { ProductPrice } from './checkout.pricing.ts';

/** Passed on with every call. */
export interface CallContext {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call is given up, its outcome then being unknown. */
  readonly timeoutMs?: number | undefined;
  readonly requestId?: string | undefined;
  readonly userId?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** The buyer's cart. Both calls may be repeated at will. */
export interface CartClaims {
  claim(
    userId: number,
    checkoutId: string,
    context: CallContext,
  ): Promise<{ readonly lines: readonly CartLine[]; readonly cartVersion: number }>;
  release(userId: number, checkoutId: string, context: CallContext): Promise<void>;
}

export interface Prices {
  /** Those of `ids` that there are. */
  getMany(ids: readonly number[], context: CallContext): Promise<readonly ProductPrice[]>;
}

/** The stock. All calls may be repeated at will. */
export interface Reservations {
  reserve(
    request: { readonly checkoutId: string; readonly items: readonly CartLine[] },
    context: CallContext,
  ): Promise<{ readonly reservationId: string }>;
  confirm(reservationId: string, context: CallContext): Promise<void>;
  release(reservationId: string, context: CallContext): Promise<void>;
  restock(reservationId: string, context: CallContext): Promise<void>;
}

export interface ChargeRequest {
  readonly checkoutId: string;
  readonly amountCents: number;
  readonly currency: string;
  readonly paymentMethod?: string;
}

export type ChargeAnswer =
  | { readonly status: 'success'; readonly paymentId: string }
  | { readonly status: 'failed'; readonly reason: string };

/** Both calls may be repeated at will; a refund that comes before its charge keeps the charge from happening. */
export interface Payments {
  charge(request: ChargeRequest, context: CallContext): Promise<ChargeAnswer>;
  refund(checkoutId: string, context: CallContext): Promise<void>;
}

/** What has come of completed checkouts; kept for longer than these. */
export interface OrderBook {
  has(checkoutId: string): Promise<boolean>;
}

export interface CheckoutPorts {
  readonly orders: OrderBook;
  readonly carts: CartClaims;
  readonly prices: Prices;
  readonly inventory: Reservations;
  readonly payments: Payments;
  readonly clock: Pick<Clock, 'now'>;
}
