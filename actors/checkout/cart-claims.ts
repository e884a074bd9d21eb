import type { ActorRefs } from '@trolley/runtime';
import { CartContract } from '../cart/cart.contract.ts';
import type { CallContext, CartClaims } from './checkout.ports.ts';

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
