import type { ActorRefs } from '@trolley/runtime';
import { CartContract } from '../cart/cart.contract.ts';
import type { CartClaims } from './checkout.ports.ts';

/** The claims of the cart actors. */
export function createCartClaims(refs: ActorRefs): CartClaims {
  const cart = (userId: number) => refs.ref(CartContract, String(userId));
  return {
    claim: (userId, checkoutId, call) => cart(userId).ask('ClaimForCheckout', { checkoutId }, call),
    async release(userId, checkoutId, call) {
      await cart(userId).ask('ReleaseClaim', { checkoutId }, call);
    },
  };
}
