import { isDeepStrictEqual } from 'node:util';
import { encodeCheckoutCompleted } from '../../../actors/checkout/checkout-completed.ts';
import { endingOf } from '../../../actors/checkout/checkout.saga.ts';
import type { CheckoutSession } from '../../../actors/checkout/checkout.state.ts';
import { orderIdFor } from '../../../actors/order/order.contract.ts';
import { isGivenBack, type Order } from '../../../actors/order/order.state.ts';
import { reservationIdFor } from '../../../actors/services/inventory/reservation-id.ts';
import { formatAmount } from '../../../actors/services/payment/payment.requests.ts';
import type { CheckoutRows, StoredEvent, StoredPayment, StoredReservation } from './checkout-facts.ts';
import { isOnItsWay, type EventGaps } from './event-gap.ts';
import type { Findings } from './findings.ts';
import type { Joined } from './merge-join.ts';

/** What the rules stand on. */
export interface Grounds {
  /** Of which moment the stores are, milliseconds since the epoch. */
  readonly asOf: number;
  readonly sessionRetentionMs: number;
  readonly gaps: EventGaps;
  /** Checkouts that were woken a moment ago: what the store says of their next step is from before. */
  readonly woken: ReadonlySet<string>;
  /** Stores that are not here can't be missing anything. */
  readonly has: { readonly payments: boolean; readonly reservations: boolean };
}

const dayMs = 86_400_000;
/** The inventory forgets what it sold after 365 days. */
const soldRememberedMs = 360 * dayMs;
/** The outbox forgets what was processed after 7 days. */
const eventsRememberedMs = 6 * dayMs;
/** Steps are put off by 30 s at most. */
const putOffMs = 10 * 60_000;
/** Ids of checkouts are made by `checkoutIdFor`: UUIDs of version 5. */
const ourId = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What was sold: by its checkout, or by the order that outlives it. */
interface Sale {
  readonly at: number;
  readonly amountCents: number;
  readonly currency: string;
  readonly lines: readonly { readonly productId: number; readonly quantity: number }[];
}

/** Holds what the stores have of one checkout against each other. Pure but for `findings`, which it adds to. */
export function examineCheckout(found: Joined<CheckoutRows>, grounds: Grounds, findings: Findings): void {
  const { rows, id } = found;
  const [payment, reservation] = [rows.payment[0], rows.reservation[0]];
  if (payment !== undefined) findings.countLooked('payments', 'payments');
  if (reservation !== undefined) findings.countLooked('reservations', 'reservations');
  findings.countLooked('events', 'events', rows.event.length);
  const session = examineSession(found, grounds, findings);
  const order = examineOrder(found, session, grounds, findings);
  if (session === 'unreadable' || order === 'unreadable') return;

  const ending = session === undefined ? undefined : endingOf(session);
  examineEvents(id, rows.event, { session, order }, grounds, findings);
  // What is under way may hold anything, and gives it back itself.
  if (session !== undefined && ending === undefined) return;
  const sale = ending === 'completed' || session === undefined ? saleOf(session, order) : undefined;
  const failed = session !== undefined && ending !== 'completed';
  const parts = { id, sale, order, failed, known: session !== undefined || order !== undefined };
  if (grounds.has.payments) examinePayment(parts, payment, findings);
  if (grounds.has.reservations) examineReservation(parts, reservation, grounds, findings);
}

function examineSession(
  { id, rows }: Joined<CheckoutRows>,
  { asOf, woken }: Grounds,
  findings: Findings,
): CheckoutSession | 'unreadable' | undefined {
  const [stored] = rows.session;
  if (stored === undefined) return undefined;
  findings.countLooked('checkouts', 'checkouts');
  if (stored.state?.context.checkoutId !== id) {
    findings.add('checkout-unreadable', id);
    return 'unreadable';
  }
  if (endingOf(stored.state) !== undefined) return stored.state;
  const [next] = stored.wanted;
  if (next === undefined) findings.add('checkout-stuck', id, stored.state.context.status);
  else if (!(next.notBefore <= asOf + putOffMs) && !woken.has(id)) findings.add('checkout-put-off', id);
  else findings.noteUnderWay('checkouts under way');
  return stored.state;
}

function examineOrder(
  { id, rows }: Joined<CheckoutRows>,
  session: CheckoutSession | 'unreadable' | undefined,
  { asOf, sessionRetentionMs }: Grounds,
  findings: Findings,
): Order | 'unreadable' | undefined {
  const [stored] = rows.order;
  if (stored === undefined) return undefined;
  findings.countLooked('orders', 'orders');
  const order = stored.state;
  if (order === undefined) {
    findings.add('order-unreadable', id);
    return 'unreadable';
  }
  if (order.status === 'CANCELLED' && !isGivenBack(order)) {
    if (stored.wanted.length === 0) findings.add('order-stuck', id);
    else findings.noteUnderWay('cancellations being given back');
  }
  if (session === undefined) {
    // An order may be some days younger than its checkout, where events came late.
    const surelyKept = Math.max(sessionRetentionMs - 7 * dayMs, sessionRetentionMs / 2);
    if (order.createdAt > asOf - surelyKept) findings.add('order-unknown', id);
  } else if (session !== 'unreadable') {
    if (endingOf(session) !== 'completed') findings.add('order-of-unfinished', id, session.context.status);
    else {
      const differing = differencesOf(order, session);
      if (differing.length > 0) findings.add('order-differs', id, differing.join(', '));
    }
  }
  return order;
}

/** What of the order is not as its event would make it. */
function differencesOf(order: Order, session: CheckoutSession): string[] {
  const { lines: items, ...rest } = session.context;
  const wanted = { ...rest, items };
  const fields = ['userId', 'items', 'totalCents', 'currency', 'shippingAddress'] as const;
  const differing: string[] = fields.filter((field) => !isDeepStrictEqual(order[field], wanted[field]));
  return order.id === orderIdFor(order.checkoutId) ? differing : ['id', ...differing];
}

function examineEvents(
  id: string,
  events: readonly StoredEvent[],
  { session, order }: { readonly session: CheckoutSession | undefined; readonly order: Order | undefined },
  grounds: Grounds,
  findings: Findings,
): void {
  const [event] = events;
  if (event !== undefined && event.processedAt === undefined)
    findings.noteUnderWay('events waiting for the event log');
  const completed = session !== undefined && endingOf(session) === 'completed';
  if (!completed) {
    if (event !== undefined && (session !== undefined || order === undefined))
      findings.add('event-unknown', id);
    return;
  }
  const mayBeRemoved = (session.context.completedAt ?? 0) < grounds.asOf - eventsRememberedMs;
  if (events.length > 1) findings.add('event-twice', id);
  if (event !== undefined) {
    const same =
      isDeepStrictEqual(event.payload, eventOf(session)) &&
      event.partitionKey === String(session.context.userId);
    if (!same) findings.add('event-differs', id);
  }
  if (order === undefined) {
    if (event !== undefined && isOnItsWay(id, event, grounds.gaps.orders, grounds.asOf))
      findings.noteUnderWay('orders to come');
    else findings.add('order-missing', id);
  } else if (event === undefined && !mayBeRemoved) findings.add('event-missing', id);
}

/** The event of a completed checkout, as it stands in the outbox. */
export function eventOf({ context }: CheckoutSession) {
  return encodeCheckoutCompleted({ ...context, completedAt: context.completedAt ?? 0 });
}

interface Parts {
  readonly id: string;
  readonly sale: Sale | undefined;
  readonly order: Order | undefined;
  /** Nothing was sold, and nothing may be held for it. */
  readonly failed: boolean;
  /** Whether anybody knows of the checkout. */
  readonly known: boolean;
}

function examinePayment(
  { id, sale, order, failed, known }: Parts,
  payment: StoredPayment | undefined,
  findings: Findings,
): void {
  const status = payment?.status;
  if (!known) {
    if (status === 'charged') findings.add(ourId.test(id) ? 'charge-unknown' : 'charge-foreign', id);
    return;
  }
  if (failed) {
    if (status === 'charged') findings.add('charge-of-failed', id);
    return;
  }
  if (sale === undefined) return;
  const isCancelled = order?.status === 'CANCELLED';
  if (payment === undefined || status === 'failed' || status === 'tombstone') {
    // Nothing is charged for what is free; a cancellation leaves a tombstone where the charge was lost.
    if (sale.amountCents > 0 && !isCancelled) findings.add('charge-missing', id);
    return;
  }
  if (isCancelled && order.refunded && status === 'charged') findings.add('refund-missing', id);
  if (!isCancelled && status === 'refunded') findings.add('charge-returned', id);
  if (payment.amountCents !== sale.amountCents || payment.currency !== sale.currency) {
    const [is, wanted] = [payment, sale].map((one) => `${formatAmount(one.amountCents)} ${one.currency}`);
    findings.add('charge-amount', id, `${is} instead of ${wanted}`);
  }
}

function examineReservation(
  { id, sale, order, failed, known }: Parts,
  reservation: StoredReservation | undefined,
  { asOf }: Grounds,
  findings: Findings,
): void {
  const status = reservation?.status;
  const holds = status === 'reserved' || status === 'confirmed';
  if (reservation !== undefined && holds && reservation.id !== reservationIdFor(id))
    return findings.add('reservation-id', id, reservation.id);
  if (!known) {
    if (holds) findings.add('reservation-unknown', id);
    return;
  }
  if (failed) {
    if (holds) findings.add('reservation-of-failed', id);
    return;
  }
  if (sale === undefined) return;
  const isCancelled = order?.status === 'CANCELLED';
  if (status === 'confirmed' || status === 'restocked') {
    if (isCancelled && order.restocked && status === 'confirmed') findings.add('restock-missing', id);
    if (!isCancelled && status === 'restocked') findings.add('reservation-returned', id);
    if (!isDeepStrictEqual(unitsOf(reservation?.items ?? []), unitsOf(sale.lines)))
      findings.add('reservation-lines', id);
  } else if (!isCancelled && sale.at > asOf - soldRememberedMs) findings.add('reservation-missing', id);
}

/** From the checkout where it is kept, else from the order. */
function saleOf(session: CheckoutSession | undefined, order: Order | undefined): Sale | undefined {
  if (session !== undefined) {
    const { completedAt = 0, totalCents, currency, lines } = session.context;
    return { at: completedAt, amountCents: totalCents, currency, lines };
  }
  if (order === undefined) return undefined;
  return { at: order.createdAt, amountCents: order.totalCents, currency: order.currency, lines: order.items };
}

function unitsOf(lines: Sale['lines']): ReadonlyMap<number, number> {
  const units = new Map<number, number>();
  for (const { productId, quantity } of lines) units.set(productId, (units.get(productId) ?? 0) + quantity);
  return units;
}
