import {
  ActorError,
  backOffMs,
  defineActor,
  isActorError,
  isRefusal,
  type Turn,
  type Waiting,
} from '@trolley/runtime';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { CartContract } from './cart.contract.ts';
import { cartEffects, type CartEffects, type HolderStatus, type VerifyClaimInput } from './cart.effects.ts';
import * as rules from './cart.state.ts';
import type { CartState } from './cart.state.ts';
import type { CartViews } from './cart.view.ts';

export interface CartDeps {
  readonly views: CartViews;
  readonly limits: rules.ClaimLimits;
}

type CartTurn = Turn<CartState, CartEffects>;
/** Of callers who wait for a claim: the checkout that it is for. */
const tags = { ClaimForCheckout: z.uuid() };

const verifyRetry = { firstMs: 5000, maxMs: 60_000 };

/** A user's cart, with the claims of the checkouts under way. */
export function createCartActor({ views, limits }: CartDeps) {
  /**
   * The versions of carts whose views were put here last. What is written without a change of the cart, such as a claim,
   * shows in no view; who only reads is projected all the same, since the view may be lost.
   */
  const projected = new LRUCache<string, { readonly cart: number; readonly record: number }>({ max: 10_000 });
  return defineActor(CartContract, {
    state: rules.CartState,
    initial: (key, now) => rules.emptyCart(Number(key), now),
    effects: cartEffects,
    tags,
    async project(key, state, version) {
      const last = projected.get(key);
      const isShown = last?.cart === state.version && last.record < version;
      if (!isShown) await views.put(rules.viewOf(state));
      projected.set(key, { cart: state.version, record: version });
    },

    receive: {
      GetCart: (turn) => rules.viewOf(turn.state),
      AddItem(turn, { productId, quantity, ifVersion }) {
        rules.expectVersion(turn.state, ifVersion);
        return change(turn, rules.addItem(turn.state, { productId, quantity }, turn.now));
      },
      SetQuantity(turn, { productId, quantity, ifVersion }) {
        rules.expectVersion(turn.state, ifVersion);
        return change(turn, rules.setQuantity(turn.state, { productId, quantity }, turn.now));
      },
      RemoveItem(turn, { productId, ifVersion }) {
        rules.expectVersion(turn.state, ifVersion);
        return change(turn, rules.removeItem(turn.state, productId, turn.now));
      },
      ClearCart(turn, { ifVersion }) {
        rules.expectVersion(turn.state, ifVersion);
        return change(turn, rules.clearCart(turn.state, turn.now));
      },
      RecordRequest(turn) {
        // Written, as the key is remembered with what is written.
        turn.set({ ...turn.state });
        return {};
      },

      ClaimForCheckout(turn, { checkoutId }) {
        try {
          return claim(turn, checkoutId, limits);
        } catch (error) {
          const { claims } = turn.state;
          if (claims.length === 0 || isRefusal(CartContract, error, 'empty_cart')) throw error;
          // One that has just completed holds its claim until its event comes.
          const holders = claims.map((each) => each.checkoutId);
          turn.perform('MakeRoom', { checkoutId, holders }, { id: room(checkoutId) });
          return turn.defer(checkoutId);
        }
      },
      ReleaseClaim(turn, { checkoutId }) {
        drop(turn, checkoutId);
        // It may have asked for a claim and given up before it heard: no claim may come after this.
        turn.cancel(room(checkoutId));
        const late = new ActorError('aborted', 'the claim was released before it was made');
        turn.refuseWaiting(late, ({ tag }) => tag === checkoutId);
        return {};
      },
      SettlePurchase(turn, { checkoutId, lines, completedAt }) {
        const at = completedAt === undefined ? NaN : Date.parse(completedAt);
        settle(turn, { checkoutId, lines, completedAt: Number.isNaN(at) ? undefined : at });
        return {};
      },
    },

    onResult: {
      // A claim is never just timed out: only its checkout can say that it is over.
      VerifyClaim(turn, outcome, { checkoutId, asked }) {
        if (outcome.ok) endClaim(turn, checkoutId, outcome.value.status);
        if (holds(turn.state, checkoutId)) verifyLater(turn, { checkoutId, asked: asked + 1 });
      },
      MakeRoom(turn, outcome, { checkoutId }) {
        if (outcome.ok) for (const holder of outcome.value) endClaim(turn, holder.checkoutId, holder.status);
        const isMeant = ({ tag }: Waiting) => tag === checkoutId;
        try {
          const claimed = claim(turn, checkoutId, limits);
          turn.answerWaiting({ ClaimForCheckout: () => claimed }, isMeant);
        } catch (error) {
          if (!isActorError(error)) throw error;
          turn.refuseWaiting(error, isMeant);
        }
      },
    },
  });
}

function claim(turn: CartTurn, checkoutId: string, limits: rules.ClaimLimits) {
  const { state, claim } = rules.claimFor(turn.state, checkoutId, turn.now, limits);
  turn.set(state);
  // Also for a claim that is there: an answer on its way about an earlier attempt must not drop it.
  verifyLater(turn, { checkoutId, asked: 0 });
  const lines = claim.lines.map(({ productId, quantity }) => ({ productId, quantity }));
  return { lines, cartVersion: claim.cartVersion };
}

function change(turn: CartTurn, next: CartState) {
  set(turn, next);
  return rules.viewOf(next);
}

/** What changes nothing is not written either. */
function set(turn: CartTurn, next: CartState): void {
  if (next !== turn.state) turn.set(next);
}

function holds({ claims }: CartState, checkoutId: string): boolean {
  return claims.some((each) => each.checkoutId === checkoutId);
}

/** Ends the claim of a checkout that says that it is over. */
function endClaim(turn: CartTurn, checkoutId: string, status: HolderStatus): void {
  const claim = turn.state.claims.find((each) => each.checkoutId === checkoutId);
  if (claim === undefined) return;
  if (status === 'FAILED' || status === 'UNKNOWN') drop(turn, checkoutId);
  // The event may still come; it then finds the checkout settled.
  else if (status === 'COMPLETED') settle(turn, { checkoutId, lines: claim.lines });
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
  const delayMs = backOffMs(verifyRetry, input.asked);
  turn.perform('VerifyClaim', input, { id: verification(input.checkoutId), delayMs });
}

const room = (checkoutId: string) => `room:${checkoutId}`;

function verification(checkoutId: string): string {
  return `verify:${checkoutId}`;
}
