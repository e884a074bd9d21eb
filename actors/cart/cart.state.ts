import { refusal, type DeepReadonly } from '@trolley/runtime';
import { uuidV5 } from '@trolley/runtime/adapters';
import { z } from 'zod';
import { isoTime } from '../values/iso-time.ts';
import { CartContract, type CartView } from './cart.contract.ts';
import { CartLine, ProductId, Quantity, maxLines, maxQuantity } from './cart-line.contract.ts';

/** How many settled checkouts a cart remembers. */
export const maxSettled = 100;

/** A cart that nobody touched for this long is removed. */
export const cartRetentionMs = 90 * 86_400_000;

/** Times are milliseconds since the epoch. */
const Item = CartLine.extend({ addedAt: z.int() });
type Item = z.infer<typeof Item>;

const ClaimedLine = z.object({
  productId: ProductId,
  /** What the checkout buys. */
  quantity: Quantity,
  /** How much of it still lies in the cart: less, once the user has taken some out while paying. */
  held: z.int().min(0).max(maxQuantity),
});

const Claim = z.object({
  checkoutId: z.uuid(),
  lines: z.array(ClaimedLine).min(1),
  cartVersion: z.int().nonnegative(),
  at: z.int(),
});
export type Claim = DeepReadonly<z.infer<typeof Claim>>;

/**
 * A cart with the claims of the checkouts that are under way. Of every product at least as much lies in the
 * cart as the claims hold together; only the rest can be claimed.
 */
export const CartState = z.object({
  cartId: z.uuid(),
  userId: z.int().positive(),
  items: z.array(Item).max(maxLines),
  claims: z.array(Claim),
  /** Checkouts whose purchase was subtracted, oldest first. */
  settled: z.array(z.uuid()).max(maxSettled),
  /** Grows with each visible change. */
  version: z.int().nonnegative(),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type CartState = DeepReadonly<z.infer<typeof CartState>>;

const namespace = '5b0f5a52-3c1e-5d6f-8a51-0f9f0d1b7a64';

export function emptyCart(userId: number, now: number): CartState {
  const cartId = uuidV5(namespace, String(userId));
  return { cartId, userId, items: [], claims: [], settled: [], version: 0, createdAt: now, updatedAt: now };
}

const views = new WeakMap<CartState, CartView>();

/** What is seen of a cart. It is made once of each state, which is answered with and projected. */
export function viewOf(state: CartState): CartView {
  const known = views.get(state);
  if (known !== undefined) return known;
  const { cartId, userId, version } = state;
  const view = {
    cartId,
    userId,
    items: state.items.map((item) => ({ ...item, addedAt: isoTime(item.addedAt) })),
    version,
    createdAt: isoTime(state.createdAt),
    updatedAt: isoTime(state.updatedAt),
  };
  views.set(state, view);
  return view;
}

/**
 * @param versions any will do where it is undefined
 * @throws ActorError `precondition_failed` when the cart's is none of them
 */
export function expectVersion({ version }: CartState, versions: readonly number[] | undefined): void {
  if (versions?.includes(version) !== false) return;
  throw refusal(CartContract, 'precondition_failed', `the cart has version ${version}`, { version });
}

/** @throws ActorError `quantity_limit`, `cart_full` */
export function addItem(state: CartState, line: CartLine, now: number): CartState {
  const { productId } = line;
  const held = state.items.find((item) => item.productId === productId);
  const quantity = line.quantity + (held?.quantity ?? 0);
  if (quantity > maxQuantity) {
    throw refusal(CartContract, 'quantity_limit', `at most ${maxQuantity} of one product`, {
      productId,
      inCart: held?.quantity ?? 0,
    });
  }
  if (held !== undefined) return changed(state, withQuantity(state.items, productId, quantity), now);
  if (state.items.length >= maxLines)
    throw refusal(CartContract, 'cart_full', `at most ${maxLines} products in a cart`, { limit: maxLines });
  return changed(state, [...state.items, { productId, quantity, addedAt: now }], now);
}

/** @throws ActorError `not_found` */
export function setQuantity(state: CartState, { productId, quantity }: CartLine, now: number): CartState {
  if (inCart(state, productId).quantity === quantity) return state;
  return changed(state, withQuantity(state.items, productId, quantity), now);
}

/** @throws ActorError `not_found` */
export function removeItem(state: CartState, productId: number, now: number): CartState {
  inCart(state, productId);
  return changed(state, withQuantity(state.items, productId, 0), now);
}

export function clearCart(state: CartState, now: number): CartState {
  return state.items.length === 0 ? state : changed(state, [], now);
}

/** What the checkouts of one user may hold at once. */
export interface ClaimLimits {
  readonly maxCheckouts: number;
  readonly maxUnits: number;
}

/**
 * Claims what no other checkout holds. The same checkout gets the claim it has.
 * @throws ActorError `empty_cart`; `checkout_in_progress`, `too_many_checkouts`, `too_many_units` because of others
 */
export function claimFor(
  state: CartState,
  checkoutId: string,
  now: number,
  { maxCheckouts, maxUnits }: ClaimLimits,
): { state: CartState; claim: Claim } {
  const existing = state.claims.find((claim) => claim.checkoutId === checkoutId);
  if (existing !== undefined) return { state, claim: existing };
  if (state.settled.includes(checkoutId))
    throw refusal(CartContract, 'empty_cart', 'the cart was already bought');
  if (state.items.length === 0) throw refusal(CartContract, 'empty_cart', 'the cart is empty');
  if (state.claims.length >= maxCheckouts) {
    const sentence = `at most ${maxCheckouts} checkouts of one user may be under way at once`;
    throw refusal(CartContract, 'too_many_checkouts', sentence, { limit: maxCheckouts });
  }
  const lines = state.items.flatMap(({ productId, quantity }) => {
    const free = quantity - heldOf(state.claims, productId);
    return free > 0 ? [{ productId, quantity: free, held: free }] : [];
  });
  if (lines.length === 0) {
    throw refusal(CartContract, 'checkout_in_progress', 'another checkout of this cart is under way');
  }
  const units = [...state.claims.flatMap((each) => each.lines), ...lines];
  if (units.reduce((sum, line) => sum + line.quantity, 0) > maxUnits) {
    const sentence = `the checkouts of one user may reserve at most ${maxUnits} units at once`;
    throw refusal(CartContract, 'too_many_units', sentence, { limit: maxUnits });
  }
  const claim = { checkoutId, lines, cartVersion: state.version, at: now };
  return { state: { ...state, claims: [...state.claims, claim] }, claim };
}

/** Frees what the checkout claimed; without a claim nothing changes. */
export function releaseClaim(state: CartState, checkoutId: string): CartState {
  if (!state.claims.some((claim) => claim.checkoutId === checkoutId)) return state;
  return { ...state, claims: without(state.claims, checkoutId) };
}

export interface Purchase {
  readonly checkoutId: string;
  readonly lines: readonly CartLine[];
  /** Milliseconds since the epoch. */
  readonly completedAt?: number | undefined;
}

/**
 * Subtracts a purchase, once per checkout. With a claim, what that still holds is subtracted: never what the
 * user added meanwhile. Without one (another producer's event, or one from before what `settled` remembers)
 * as much of the bought quantities as there is, sparing lines that are younger than the purchase.
 */
export function settlePurchase(state: CartState, purchase: Purchase, now: number): CartState {
  const { checkoutId, completedAt = Infinity } = purchase;
  if (state.settled.includes(checkoutId)) return state;
  const claim = state.claims.find((each) => each.checkoutId === checkoutId);
  const sold = (item: Item): number => {
    if (claim !== undefined) return heldOf([claim], item.productId);
    if (item.addedAt > completedAt) return 0;
    const bought = purchase.lines.filter((line) => line.productId === item.productId);
    return bought.reduce((sum, line) => sum + line.quantity, 0);
  };
  const items = state.items
    .map((item) => ({ ...item, quantity: item.quantity - sold(item) }))
    .filter((item) => item.quantity > 0);
  const settled = {
    ...state,
    claims: without(state.claims, checkoutId),
    settled: [...state.settled, checkoutId].slice(-maxSettled),
  };
  return state.items.some((item) => sold(item) > 0) ? changed(settled, items, now) : settled;
}

function changed(state: CartState, items: Item[], now: number): CartState {
  return {
    ...state,
    items,
    claims: clamped(state.claims, items),
    version: state.version + 1,
    updatedAt: now,
  };
}

/** What is taken out of the cart comes from the free units first, then from the youngest claim. */
function clamped(claims: readonly Claim[], items: readonly Item[]): Claim[] {
  const room = new Map(items.map((item) => [item.productId, item.quantity]));
  return claims.map((claim) => ({
    ...claim,
    lines: claim.lines.map((line) => {
      const left = room.get(line.productId) ?? 0;
      const held = Math.min(line.held, left);
      room.set(line.productId, left - held);
      return held === line.held ? line : { ...line, held };
    }),
  }));
}

function inCart(state: CartState, productId: number): Item {
  const item = state.items.find((each) => each.productId === productId);
  if (item === undefined) throw refusal(CartContract, 'not_found', `product ${productId} is not in the cart`);
  return item;
}

function withQuantity(items: readonly Item[], productId: number, quantity: number): Item[] {
  if (quantity === 0) return items.filter((item) => item.productId !== productId);
  return items.map((item) => (item.productId === productId ? { ...item, quantity } : item));
}

function heldOf(claims: readonly Claim[], productId: number): number {
  const lines = claims.flatMap((claim) => claim.lines).filter((line) => line.productId === productId);
  return lines.reduce((sum, line) => sum + line.held, 0);
}

function without(claims: readonly Claim[], checkoutId: string): Claim[] {
  return claims.filter((claim) => claim.checkoutId !== checkoutId);
}
