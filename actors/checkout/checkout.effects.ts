import {
  type ActorRefs,
  type Clock,
  codeOf,
  type EffectContext,
  isTrolleyError,
  TrolleyError,
} from '@trolley/runtime';
import { CartContract, type CartLine } from '../cart/cart.contract.ts';
import { reservationIdFor } from '../services/inventory/reservation-id.ts';
import type { Party } from './checkout.events.ts';
import { priceLines, type ProductPrice } from './checkout.pricing.ts';

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

/** What every step is told. */
export interface StepInput {
  readonly checkoutId: string;
  readonly userId: number;
  /** Milliseconds since the epoch after which the step is not tried any more; without it, it always is. */
  readonly giveUpAt?: number;
  /** The longest that one call may take. */
  readonly callTimeoutMs: number;
}

/** The steps of the saga, each beside what undoes it. All are idempotent by checkout id on the far side. */
export function createCheckoutEffects({ orders, carts, prices, inventory, payments, clock }: CheckoutPorts) {
  /** @throws TrolleyError `deadline_exceeded`: an earlier run may have reached the far side, so it is unknown */
  function calling(input: StepInput, { signal, requestId, traceparent }: EffectContext): CallContext {
    const leftMs = (input.giveUpAt ?? Infinity) - clock.now();
    if (leftMs <= 0) throw new TrolleyError('deadline_exceeded', 'the time for this step is over');
    const timeoutMs = Math.min(leftMs, input.callTimeoutMs);
    return { signal, requestId, traceparent, userId: String(input.userId), timeoutMs };
  }

  return {
    async ClaimAndPrice(input: StepInput, context: EffectContext) {
      const { userId, checkoutId } = input;
      // Its checkout was removed since: sold under this id, nothing would be charged, reserved or ordered again.
      if (await orders.has(checkoutId)) {
        throw new TrolleyError(
          'idempotency_key_reused',
          'an order was made with this idempotency key long ago',
        );
      }
      const claim = carts.claim(userId, checkoutId, calling(input, context));
      const { lines, cartVersion } = await claim.catch(blaming('cart'));
      const ids = lines.map((line) => line.productId);
      const products = await prices.getMany(ids, calling(input, context)).catch(blaming('catalog'));
      return { cartVersion, pricing: priceLines(lines, products) };
    },
    async ReleaseClaim(input: StepInput, context: EffectContext) {
      await carts.release(input.userId, input.checkoutId, calling(input, context));
    },

    async Reserve(input: StepInput & { readonly items: readonly CartLine[] }, context: EffectContext) {
      const { checkoutId, items } = input;
      const { reservationId } = await inventory.reserve({ checkoutId, items }, calling(input, context));
      return { reservationId };
    },
    async Release(input: StepInput, context: EffectContext) {
      const reservationId = reservationIdFor(input.checkoutId);
      try {
        await inventory.release(reservationId, calling(input, context));
      } catch (error) {
        if (codeOf(error) !== 'conflict') throw error;
        // Sold, by a Confirm that was under way for longer than its checkout.
        await inventory.restock(reservationId, calling(input, context));
      }
    },

    Charge(input: StepInput & Omit<ChargeRequest, 'checkoutId'>, context: EffectContext) {
      const { checkoutId, amountCents, currency, paymentMethod } = input;
      const request = {
        checkoutId,
        amountCents,
        currency,
        ...(paymentMethod === undefined ? {} : { paymentMethod }),
      };
      return payments.charge(request, calling(input, context));
    },
    async Refund(input: StepInput, context: EffectContext) {
      await payments.refund(input.checkoutId, calling(input, context));
    },

    async Confirm(input: StepInput, context: EffectContext) {
      await inventory.confirm(reservationIdFor(input.checkoutId), calling(input, context));
    },
  };
}

/** Names in the error who was asked. */
function blaming(party: Party) {
  return (cause: unknown): never => {
    if (!isTrolleyError(cause)) throw cause;
    throw new TrolleyError(cause.code, cause.message, { cause, details: { ...cause.details, party } });
  };
}

/** Who was asked when a step failed, if its effect has named them. */
export function partyOf({ details }: TrolleyError): Party | undefined {
  const party = details?.['party'];
  return party === 'cart' || party === 'catalog' ? party : undefined;
}

export type CheckoutEffects = ReturnType<typeof createCheckoutEffects>;

/** The claims of the cart actors. */
export function createCartClaims(refs: ActorRefs): CartClaims {
  const options = ({ signal, timeoutMs, requestId, traceparent }: CallContext) => ({
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  });
  return {
    claim(userId, checkoutId, context) {
      return refs.ref(CartContract, String(userId)).ask('ClaimForCheckout', { checkoutId }, options(context));
    },
    async release(userId, checkoutId, context) {
      await refs.ref(CartContract, String(userId)).ask('ReleaseClaim', { checkoutId }, options(context));
    },
  };
}
