import { defineActor, type Turn } from '../../runtime/define/actor.ts';
import { CartContract } from './cart.contract.ts';
import {
  createCartEffects,
  type CartEffects,
  type CheckoutLookup,
  type VerifyClaimInput,
} from './cart.effects.ts';
import * as rules from './cart.state.ts';
import type { CartState } from './cart.state.ts';
import type { CartViews } from './cart.view.ts';

export interface CartDeps {
  readonly views: CartViews;
  readonly checkouts: CheckoutLookup;
}

type CartTurn = Turn<CartState, CartEffects>;

const maxVerifyDelayMs = 60_000;

/** A user's cart, with the claims of the checkouts under way. */
export function createCartActor({ views, checkouts }: CartDeps) {
  return defineActor(CartContract, {
    state: rules.CartState,
    initial: (key, now) => rules.emptyCart(Number(key), now),
    effects: createCartEffects({ checkouts }),
    project: (_key, state) => views.put(rules.viewOf(state)),

    receive: {
      GetCart: (turn) => rules.viewOf(turn.state),
      AddItem: (turn, line) => change(turn, rules.addItem(turn.state, line, turn.now)),
      SetQuantity: (turn, line) => change(turn, rules.setQuantity(turn.state, line, turn.now)),
      RemoveItem: (turn, { productId }) => change(turn, rules.removeItem(turn.state, productId, turn.now)),
      ClearCart: (turn) => change(turn, rules.clearCart(turn.state, turn.now)),

      ClaimForCheckout(turn, { checkoutId }) {
        const { state, claim } = rules.claimFor(turn.state, checkoutId, turn.now);
        turn.set(state);
        // Also for a claim that is there: an answer on its way about an earlier attempt must not drop it.
        verifyLater(turn, { checkoutId, asked: 0 });
        const lines = claim.lines.map(({ productId, quantity }) => ({ productId, quantity }));
        return { lines, cartVersion: claim.cartVersion };
      },
      ReleaseClaim(turn, { checkoutId }) {
        drop(turn, checkoutId);
        return {};
      },
      SettlePurchase(turn, { checkoutId, lines, completedAt }) {
        const at = completedAt === undefined ? NaN : Date.parse(completedAt);
        settle(turn, { checkoutId, lines, completedAt: Number.isNaN(at) ? undefined : at });
        return {};
      },
    },

    settled: {
      // A claim is never just timed out: only its checkout can say that it is over.
      VerifyClaim(turn, outcome, { checkoutId, asked }) {
        const claim = turn.state.claims.find((each) => each.checkoutId === checkoutId);
        if (claim === undefined) return;
        const status = outcome.ok ? outcome.value.status : undefined;
        if (status === 'FAILED' || status === 'UNKNOWN') return drop(turn, checkoutId);
        // The event may still come; it then finds the checkout settled.
        if (status === 'COMPLETED') return settle(turn, { checkoutId, lines: claim.lines });
        verifyLater(turn, { checkoutId, asked: asked + 1 });
      },
    },
  });
}

function change(turn: CartTurn, next: CartState) {
  set(turn, next);
  return rules.viewOf(next);
}

/** What changes nothing is not written either. */
function set(turn: CartTurn, next: CartState): void {
  if (next !== turn.state) turn.set(next);
}

function drop(turn: CartTurn, checkoutId: string): void {
  set(turn, rules.releaseClaim(turn.state, checkoutId));
  turn.cancel(verification(checkoutId));
}

function settle(turn: CartTurn, purchase: rules.Purchase): void {
  set(turn, rules.settlePurchase(turn.state, purchase, turn.now));
  turn.cancel(verification(purchase.checkoutId));
}

/** After 5, 10, 20, 40, then every 60 s: most checkouts end, and say so, long before the first. */
function verifyLater(turn: CartTurn, input: VerifyClaimInput): void {
  const delayMs = Math.min(5000 * 2 ** input.asked, maxVerifyDelayMs);
  turn.perform('VerifyClaim', input, { id: verification(input.checkoutId), delayMs });
}

function verification(checkoutId: string): string {
  return `verify:${checkoutId}`;
}
