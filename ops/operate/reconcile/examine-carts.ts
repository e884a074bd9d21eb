import type { Client } from 'pg';
import type { CartState } from '../../../actors/cart/cart.state.ts';
import { maxSettled } from '../../../actors/cart/cart.state.ts';
import type { StoredEvent } from './checkout-facts.ts';
import type { Grounds } from './examine-checkout.ts';
import { isOnItsWay } from './event-gap.ts';
import type { FaultName } from './faults.ts';
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

type Event = Pick<StoredEvent, 'processedAt'>;

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
  const over = readable.flatMap(({ state, wanted }) => claimsOver(state, wanted, known));
  const events = await eventsOf(
    checkouts.now,
    over.filter(({ fault, isAsked }) => fault === 'claim-of-completed' && !isAsked).map(({ id }) => id),
  );
  for (const { id, userId, fault, isAsked } of over) {
    // Of a purchase the cart hears from the event, too.
    if (isAsked || isComing(id, events, grounds)) findings.noteUnderWay('carts to be settled');
    else findings.add(fault, id, `user ${userId}`, userId);
  }
  for (const { state } of readable) {
    examineHeld(state, findings);
    for (const id of state.settled) examineSettled(id, known.get(id), findings);
  }
  await examineBought(new Map(readable.map(({ state }) => [String(state.userId), state])), checkouts.then, {
    grounds,
    findings,
  });
}

/** Claims of checkouts that hold nothing any more. A cart asks what became of each, as long as that is wanted. */
function claimsOver(
  { userId, claims }: CartState,
  wanted: ReadonlySet<string>,
  checkouts: ReadonlyMap<string, Known>,
) {
  return claims.flatMap(({ checkoutId: id }) => {
    const known = checkouts.get(id);
    // An order outlives its checkout.
    const status = known?.status ?? (known?.ordered === true ? 'COMPLETED' : null);
    if (status !== null && status !== 'COMPLETED' && status !== 'FAILED') return [];
    const fault: FaultName =
      status === 'FAILED' ? 'claim-of-failed' : status === null ? 'claim-unknown' : 'claim-of-completed';
    return [{ id, userId, fault, isAsked: wanted.has(`verify:${id}`) }];
  });
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
  const events = await eventsOf(
    client,
    unsettled.map(({ id }) => id),
  );
  for (const { id } of unsettled) {
    if (isComing(id, events, grounds)) findings.noteUnderWay('carts to be settled');
    else findings.add('cart-unsettled', id);
  }
}

function isComing(id: string, events: ReadonlyMap<string, Event>, { gaps, asOf }: Grounds): boolean {
  const event = events.get(id);
  return event !== undefined && isOnItsWay(id, event, gaps.carts, asOf);
}

/** Of the few that look wrong: the outbox has no index for this. */
async function eventsOf(client: Client, ids: readonly string[]): Promise<ReadonlyMap<string, Event>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<{ id: string; processedAt: Date | null }>(
    `SELECT aggregate_id AS id, processed_at AS "processedAt" FROM outbox_events WHERE aggregate_id = ANY($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, { processedAt: row.processedAt?.getTime() }]));
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
