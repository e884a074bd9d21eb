import { codeOf, type EffectContext } from '@trolley/runtime';
import type { ServiceCall } from '../services/service-call.ts';
import { reservationIdFor } from '../services/inventory/reservation-id.ts';

/** May be repeated at will. */
export interface Refunds {
  refund(checkoutId: string, call: ServiceCall): Promise<void>;
}

/** May be repeated at will: the stock comes back once. */
export interface Restocks {
  restock(reservationId: string, call: ServiceCall): Promise<void>;
}

export interface OrderPorts {
  readonly payments: Refunds;
  readonly inventory: Restocks;
}

export interface GiveBackInput {
  readonly checkoutId: string;
  readonly userId: number;
  /** Failures so far. */
  readonly retries: number;
}

const callTimeoutMs = 10_000;

/** What cancelling an order gives back. An order of another shop's checkout has nothing here to give back. */
export function createOrderEffects({ payments, inventory }: OrderPorts) {
  const calling = (
    { userId }: GiveBackInput,
    { signal, requestId, traceparent, tracestate }: EffectContext,
  ): ServiceCall => ({
    signal,
    requestId,
    traceparent,
    tracestate,
    userId: String(userId),
    timeoutMs: callTimeoutMs,
  });
  return {
    async Refund(input: GiveBackInput, context: EffectContext) {
      await payments.refund(input.checkoutId, calling(input, context)).catch(ignoring('not_found'));
    },
    async Restock(input: GiveBackInput, context: EffectContext) {
      const reservationId = reservationIdFor(input.checkoutId);
      const restocked = inventory.restock(reservationId, calling(input, context));
      // An inventory that was restored from before the sale may have the reservation, but nothing that was sold.
      await restocked.catch(ignoring('not_found', 'conflict'));
    },
  };
}
export type OrderEffects = ReturnType<typeof createOrderEffects>;

/** For refusals that mean that there is nothing to give back. */
const ignoring =
  (...codes: ReturnType<typeof codeOf>[]) =>
  (error: unknown): void => {
    if (!codes.includes(codeOf(error))) throw error;
  };
