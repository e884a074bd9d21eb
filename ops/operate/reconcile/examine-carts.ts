import type { Client } from 'pg';
import type { CartState, Claim } from '../../../actors/cart/cart.state.ts';
import { maxSettled } from '../../../actors/cart/cart.state.ts';
import type { Grounds } from './examine-checkout.ts';
import { isOnItsWay } from './event-gap.ts';
import type { Findings } from './findings.ts';
import type { StoredCart } from './stored-carts.ts';

export interface CheckoutsOfCarts {
  /** As of the moment. */
  readonly then: Client;
  /** As of now: carts may have been read later than the moment. */
  readonly now: Client;
}

/** What the rest of the shop knows of a checkout that a cart names. */
interface Known {
  readonly status: string | null;
  readonly ordered: boolean;
}

interface Purchase {
  readonly id: string;
  readonly userId: string;
  readonly completedAt: number;
  readonly productIds: readonly number[];
}

const cartsAtOnce = 100;

/** Holds claims and purchases of carts against checkouts and orders. */
export async function examineCarts(
  carts: AsyncIterable<StoredCart> | Iterable<StoredCart>,
  checkouts: CheckoutsOfCarts,
  grounds: Grounds,
  findings: Findings,
): Promise<void> {
  let some: StoredCart[] = [];
  for await (const cart of carts) {
    some.push(cart);
    if (some.length < cartsAtOnce) continue;
    await examineSome(some, checkouts, grounds, findings);
    some = [];
  }
  await examineSome(some, checkouts, grounds, findings);
}

async function examineSome(
  carts: readonly StoredCart[],
  checkouts: CheckoutsOfCarts,
  grounds: Grounds,
  findings: Findings,
): Promise<void> {
  findings.countLooked('carts', 'carts', carts.length);
  const readable = carts.flatMap(({ key, state, wanted }) => {
    if (state === undefined) findings.add('cart-unreadable', key);
    return state === undefined ? [] : [{ state, wanted: new Set(wanted.map(({ id }) => id)) }];
  });
  const named = readable.flatMap(({ state }) => [
    ...state.settled,
    ...state.claims.map(({ checkoutId }) => checkoutId),
  ]);
  const known = await knownOf(checkouts.now, named);
  for (const { state, wanted } of readable) {
    for (const claim of state.claims) {
      const isAsked = wanted.has(`verify:${claim.checkoutId}`);
      examineClaim(claim, { userId: state.userId, known: known.get(claim.checkoutId), isAsked }, findings);
    }
    examineHeld(state, findings);
    for (const id of state.settled) examineSettled(id, known.get(id), findings);
  }
  await examineBought(new Map(readable.map(({ state }) => [String(state.userId), state])), checkouts.then, {
    grounds,
    findings,
  });
}

/** A cart asks its checkout what became of it, as long as that is wanted. */
function examineClaim(
  claim: Claim,
  about: { readonly userId: number; readonly known: Known | undefined; readonly isAsked: boolean },
  findings: Findings,
): void {
  const { userId, known, isAsked } = about;
  // An order outlives its checkout.
  const status = known?.status ?? (known?.ordered === true ? 'COMPLETED' : null);
  if (status !== null && status !== 'COMPLETED' && status !== 'FAILED') return;
  if (isAsked) return findings.noteUnderWay('carts to be settled');
  const fault =
    status === 'FAILED' ? 'claim-of-failed' : status === null ? 'claim-unknown' : 'claim-of-completed';
  findings.add(fault, claim.checkoutId, `user ${userId}`, userId);
}

function examineHeld({ userId, items, claims }: CartState, findings: Findings): void {
  const left = new Map(items.map(({ productId, quantity }) => [productId, quantity]));
  for (const { productId, held } of claims.flatMap(({ lines }) => lines))
    left.set(productId, (left.get(productId) ?? 0) - held);
  for (const [productId, quantity] of left)
    if (quantity < 0) findings.add('claim-exceeds', `user ${userId}`, `product ${productId}`);
}

function examineSettled(id: string, known: Known | undefined, findings: Findings): void {
  const { status = null, ordered = false } = known ?? {};
  if (status === null && !ordered) findings.add('settled-unknown', id);
  if (status !== null && status !== 'COMPLETED') findings.add('settled-failed', id);
}

/** Of each completed checkout the cart either knows, or has forgotten so many since that it can't tell. */
async function examineBought(
  carts: ReadonlyMap<string, CartState>,
  client: Client,
  { grounds, findings }: { readonly grounds: Grounds; readonly findings: Findings },
): Promise<void> {
  const bought = await purchasesOf(client, [...carts.keys()]);
  const unsettled = bought.filter(({ id, userId, completedAt, productIds }) => {
    const cart = carts.get(userId);
    if (cart === undefined || cart.settled.length >= maxSettled || cart.createdAt > completedAt) return false;
    if (cart.settled.includes(id) || cart.claims.some(({ checkoutId }) => checkoutId === id)) return false;
    return cart.items.some((item) => productIds.includes(item.productId) && item.addedAt <= completedAt);
  });
  if (unsettled.length === 0) return;
  const { rows } = await client.query<{ id: string; processedAt: Date | null }>(
    `SELECT aggregate_id AS id, processed_at AS "processedAt" FROM outbox_events WHERE aggregate_id = ANY($1)`,
    [unsettled.map(({ id }) => id)],
  );
  const events = new Map(rows.map((row) => [row.id, { processedAt: row.processedAt?.getTime() }]));
  for (const { id } of unsettled) {
    const event = events.get(id);
    if (event !== undefined && isOnItsWay(id, event, grounds.gaps.carts, grounds.asOf))
      findings.noteUnderWay('carts to be settled');
    else findings.add('cart-unsettled', id);
  }
}

async function knownOf(client: Client, ids: readonly string[]): Promise<ReadonlyMap<string, Known>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<Known & { id: string }>(
    `SELECT named.text AS id, status, EXISTS (SELECT FROM orders WHERE checkout_id = named.text::uuid) AS ordered
     FROM unnest($1::text[]) AS named (text) LEFT JOIN checkout_sessions ON id = named.text::uuid`,
    [[...new Set(ids)]],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function purchasesOf(client: Client, userIds: readonly string[]): Promise<Purchase[]> {
  const { rows } = await client.query<{ id: string; userId: string; completedAt: Date; productIds: unknown }>(
    `SELECT id::text, user_id::text AS "userId", completed_at AS "completedAt",
       jsonb_path_query_array(cart_snapshot, '$[*].product_id') AS "productIds"
     FROM checkout_sessions WHERE user_id = ANY($1::bigint[]) AND status = 'COMPLETED' AND completed_at IS NOT NULL`,
    [userIds],
  );
  return rows.map(({ id, userId, completedAt, productIds }) => ({
    id,
    userId,
    completedAt: completedAt.getTime(),
    productIds: Array.isArray(productIds) ? productIds.map(Number) : [],
  }));
}
