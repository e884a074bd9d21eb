import { type ActorRefs, codeOf, isKeyOf } from '@trolley/runtime';
import {
  CheckoutContract,
  checkoutIdFor,
  noSuchCheckout,
  type CheckoutView,
} from '../actors/checkout/checkout.contract.ts';
import type { ShippingAddress } from '../actors/checkout/shipping-address.contract.ts';
import type { CheckoutStatus } from '../actors/checkout/checkout-status.contract.ts';
import type { BuyerCheckouts, CheckoutPage } from '../actors/checkout/buyer-checkouts.queries.ts';
import { parsePaymentMethod } from '../actors/services/payment/payment.client.ts';
import { defaultPageSize } from '../actors/values/page-size.contract.ts';
import { optionsOf, type Call } from './call.ts';

export interface CheckoutRequest {
  readonly idempotencyKey: string;
  readonly shippingAddress?: ShippingAddress | undefined;
  readonly paymentMethod?: string | undefined;
}

/** `running`: accepted, and not ended in time. */
export interface StartedCheckout {
  readonly outcome: 'created' | 'joined' | 'running';
  readonly checkout: CheckoutView;
}

interface CheckoutPageRequest {
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
  readonly status?: CheckoutStatus | undefined;
}

/** What the shop does with checkouts, for REST and gRPC alike. Someone else's checkout is `not_found`. */
export interface Checkouts {
  /** Own ones, newest first; without a page size, the newest 100. Refused: `invalid_page_token`. */
  list(userId: number, page: CheckoutPageRequest): Promise<CheckoutPage>;
  /**
   * Starts a checkout or joins the one of the same key, and waits for its end.
   * @throws ActorError `invalid_payment_method`, before anything is written or sent; `empty_cart`,
   *   `checkout_in_progress`; `deadline_exceeded` when it is not even known whether it was accepted
   */
  start(userId: number, request: CheckoutRequest, call: Call): Promise<StartedCheckout>;
  /** Without an owner, anyone's is shown. */
  get(owner: number | undefined, checkoutId: string, call: Call): Promise<CheckoutView>;
  /** Refused: `conflict` once the payment has completed. */
  cancel(userId: number, checkoutId: string, call: Call, idempotencyKey?: string): Promise<CheckoutView>;
}

/** How much of the time there is goes into asking how far a checkout has come, when it has not ended. */
const statusShare = 0.2;
const statusMaxMs = 2000;

interface CheckoutsOptions {
  readonly refs: ActorRefs;
  readonly buyerCheckouts: BuyerCheckouts;
  /** Whether the payment methods count that force an outcome. */
  readonly forcingPaymentMethods: boolean;
  /** Called before a user is told how a checkout has ended. */
  readonly stockMoved: (userId: number) => void;
}

export function createCheckouts({
  refs,
  buyerCheckouts,
  forcingPaymentMethods: forcing,
  stockMoved,
}: CheckoutsOptions): Checkouts {
  function checkout(id: string) {
    if (!isKeyOf(CheckoutContract, id)) throw noSuchCheckout();
    return refs.ref(CheckoutContract, id);
  }

  async function get(owner: number | undefined, id: string, call: Call): Promise<CheckoutView> {
    const view = await checkout(id).getStatus({}, optionsOf(call));
    if (owner !== undefined && view.userId !== owner) throw noSuchCheckout();
    return view;
  }

  return {
    list: (userId, { pageSize = defaultPageSize, ...more }) =>
      buyerCheckouts.list(userId, { pageSize, ...more }),
    async start(userId, { idempotencyKey, shippingAddress, paymentMethod }, call) {
      const id = checkoutIdFor(userId, idempotencyKey);
      const available = call.timeoutMs;
      const timeoutMs = Math.max(1, Math.floor(available - Math.min(statusMaxMs, available * statusShare)));
      const input = {
        userId,
        idempotencyKey,
        ...(shippingAddress === undefined ? {} : { shippingAddress }),
        ...(paymentMethod === undefined
          ? {}
          : { paymentMethod: parsePaymentMethod(paymentMethod, { forcing }) }),
      };
      try {
        const started = await checkout(id).start(input, { ...optionsOf(call), timeoutMs });
        return { outcome: started.created ? 'created' : 'joined', checkout: started.checkout };
      } catch (error) {
        if (codeOf(error) !== 'deadline_exceeded' || call.signal.aborted) throw error;
        return { outcome: 'running', checkout: await statusInstead(userId, id, call, error) };
      } finally {
        stockMoved(userId);
      }
    },
    get,
    async cancel(userId, id, call, idempotencyKey) {
      const cancelled = await checkout(id).cancel({ userId }, { ...optionsOf(call), idempotencyKey });
      stockMoved(userId);
      return cancelled;
    },
  };

  /** A checkout that is not known yet may still be accepted: that is the deadline's error, not `not_found`. */
  async function statusInstead(userId: number, id: string, call: Call, late: unknown): Promise<CheckoutView> {
    try {
      return await get(userId, id, call);
    } catch (error) {
      throw codeOf(error) === 'not_found' ? late : error;
    }
  }
}
