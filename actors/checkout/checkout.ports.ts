import type { Clock } from '@trolley/runtime';
import type { CartLine } from '../cart/cart-line.contract.ts';
import type { ServiceCall } from '../services/service-call.ts';
import type { ProductPrice } from './checkout.pricing.ts';

/** The buyer's cart. Both calls may be repeated at will. */
export interface CartClaims {
  claim(
    userId: number,
    checkoutId: string,
    call: ServiceCall,
  ): Promise<{ readonly lines: readonly CartLine[]; readonly cartVersion: number }>;
  release(userId: number, checkoutId: string, call: ServiceCall): Promise<void>;
}

export interface Prices {
  /** Those of `ids` that there are. */
  getMany(ids: readonly number[], call: ServiceCall): Promise<readonly ProductPrice[]>;
}

/** The stock. All calls may be repeated at will. */
export interface Reservations {
  reserve(
    request: { readonly checkoutId: string; readonly items: readonly CartLine[] },
    call: ServiceCall,
  ): Promise<{ readonly reservationId: string }>;
  confirm(reservationId: string, call: ServiceCall): Promise<void>;
  release(reservationId: string, call: ServiceCall): Promise<void>;
  restock(reservationId: string, call: ServiceCall): Promise<void>;
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
  charge(request: ChargeRequest, call: ServiceCall): Promise<ChargeAnswer>;
  refund(checkoutId: string, call: ServiceCall): Promise<void>;
}

/** What has come of completed checkouts; kept for longer than these. */
export interface OrderBook {
  has(checkoutId: string): Promise<boolean>;
}

/** Whom a checkout asks. */
export interface CheckoutPorts {
  readonly orders: OrderBook;
  readonly prices: Prices;
  readonly inventory: Reservations;
  readonly payments: Payments;
  readonly clock: Pick<Clock, 'now'>;
}

/** Whom a step asks: the cart through the refs of its effect. */
export interface StepPorts extends CheckoutPorts {
  readonly carts: CartClaims;
}
