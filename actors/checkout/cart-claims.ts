import type { ActorRefs } from '@trolley/runtime';
import { CartContract } from '../cart/cart.contract.ts';
import type { CartClaims } from './checkout.ports.ts';

/** The claims of the cart actors, asked through the refs of an effect. */
export function createCartClaims(refs: ActorRefs): CartClaims {
  const cart = (userId: number) => refs.ref(CartContract, String(userId));
  return {
    claim: (userId, checkoutId, { timeoutMs }) =>
      cart(userId).claimForCheckout({ checkoutId }, { timeoutMs }),
    async release(userId, checkoutId, { timeoutMs }) {
      await cart(userId).releaseClaim({ checkoutId }, { timeoutMs });
    },
  };
}
