import { isDeepStrictEqual } from 'node:util';
import { defineActor, type Outcome, TrolleyError, type Turn } from '@trolley/runtime';
import { checkoutCompletedType, encodeCheckoutCompleted } from './checkout-completed.ts';
import { CheckoutContract, checkoutIdFor, noSuchCheckout } from './checkout.contract.ts';
import {
  createCheckoutEffects,
  partyOf,
  type CheckoutEffects,
  type CheckoutPorts,
} from './checkout.effects.ts';
import type { CheckoutEvent, Step } from './checkout.events.ts';
import { advanceSaga, beginSaga, endingOf, type SagaStep } from './checkout.saga.ts';
import { CheckoutState, viewOf, type CheckoutContext, type CheckoutSession } from './checkout.state.ts';
import { isRefusal } from './refusal.ts';

export interface CheckoutDeps extends CheckoutPorts {
  /** How long claiming with pricing, and then reserving, may take together with all retries. */
  readonly reserveTimeoutMs: number;
  /** The same for the charge. */
  readonly paymentTimeoutMs: number;
}

type StartRequest = Pick<CheckoutContext, 'paymentMethod' | 'shippingAddress'>;
type CheckoutTurn = Turn<CheckoutState, CheckoutEffects>;

const currency = 'USD';
/** Of steps without a limit of their own. */
const callTimeoutMs = 10_000;
/** One step at a time; a wanted step replaces whatever was wanted before it. */
const effectId = 'step';

/** The saga as an actor: a turn moves the machine on, and its orders become effects of that turn. */
export function createCheckoutActor({ reserveTimeoutMs, paymentTimeoutMs, ...ports }: CheckoutDeps) {
  const limits = { reserveMs: reserveTimeoutMs, paymentMs: paymentTimeoutMs };
  return defineActor(CheckoutContract, {
    state: CheckoutState,
    initial: () => ({ session: null }),
    effects: createCheckoutEffects(ports),

    receive: {
      Start(turn, input) {
        const { userId, idempotencyKey } = input;
        if (turn.key !== checkoutIdFor(userId, idempotencyKey)) {
          throw new TrolleyError('invalid_request', 'the key does not belong to this checkout');
        }
        const session = accepted(turn.state);
        if (session === undefined) {
          follow(turn, beginSaga({ ...input, checkoutId: turn.key, currency, limits, at: turn.now }));
          return turn.defer({ created: true });
        }
        if (!isSameRequest(session, input)) {
          throw new TrolleyError(
            'idempotency_key_reused',
            'this idempotency key was used for a checkout with another address or payment method',
          );
        }
        if (endingOf(session) === undefined) return turn.defer({ created: false });
        return { created: false, checkout: viewOf(session) };
      },

      GetStatus: (turn) => viewOf(found(turn.state)),

      Cancel(turn, { userId }) {
        const session = found(turn.state);
        if (session.context.userId !== userId) throw noSuchCheckout();
        if (endingOf(session) !== undefined) {
          if (session.context.failureReason === 'cancelled') return viewOf(session);
          throw new TrolleyError('conflict', `the checkout is ${session.context.status}`);
        }
        const step = advanceSaga(session, { type: 'Cancel', at: turn.now });
        if (!step.session.context.cancelRequested) {
          throw new TrolleyError('conflict', 'the checkout can no longer be cancelled');
        }
        follow(turn, step);
        return turn.defer();
      },
    },

    settled: {
      ClaimAndPrice(turn, outcome) {
        if (!outcome.ok) return take(turn, failure('ClaimAndPrice', outcome, turn.now), outcome.error);
        const { pricing, cartVersion } = outcome.value;
        if (!pricing.ok)
          return take(turn, { type: 'ClaimAndPrice.refused', at: turn.now, code: pricing.reason });
        const { lines, totalCents } = pricing;
        take(turn, { type: 'ClaimAndPrice.done', at: turn.now, lines, totalCents, cartVersion });
      },
      Reserve(turn, outcome) {
        if (!outcome.ok) return take(turn, failure('Reserve', outcome, turn.now));
        take(turn, { type: 'Reserve.done', at: turn.now, reservationId: outcome.value.reservationId });
      },
      Charge(turn, outcome) {
        if (!outcome.ok) return take(turn, failure('Charge', outcome, turn.now));
        const answer = outcome.value;
        if (answer.status === 'success') {
          return take(turn, { type: 'Charge.done', at: turn.now, paymentId: answer.paymentId });
        }
        take(turn, { type: 'Charge.declined', at: turn.now, reason: answer.reason });
      },
      Confirm: (turn, outcome) => takeEnd(turn, 'Confirm', outcome),
      Refund: (turn, outcome) => takeEnd(turn, 'Refund', outcome),
      Release: (turn, outcome) => takeEnd(turn, 'Release', outcome),
      ReleaseClaim: (turn, outcome) => takeEnd(turn, 'ReleaseClaim', outcome),
    },
  });
}

function takeEnd(
  turn: CheckoutTurn,
  step: 'Confirm' | 'Refund' | 'Release' | 'ReleaseClaim',
  outcome: Outcome<void>,
): void {
  take(turn, outcome.ok ? { type: `${step}.done`, at: turn.now } : failure(step, outcome, turn.now));
}

function failure<S extends Step>(step: S, { error }: { readonly error: TrolleyError }, at: number) {
  const how = isRefusal(error) ? 'refused' : 'unknown';
  const party = partyOf(error);
  const failed = { type: `${step}.${how}` as const, at, code: error.code };
  return (party === undefined ? failed : { ...failed, party }) as CheckoutEvent;
}

function take(turn: CheckoutTurn, event: CheckoutEvent, error?: TrolleyError): void {
  const { session } = turn.state;
  if (session !== null) follow(turn, advanceSaga(session, event), error);
}

/** Makes a step of the saga part of the turn, and answers those who wait for the end. */
function follow(turn: CheckoutTurn, { session, orders }: SagaStep, error?: TrolleyError): void {
  if (endingOf(session) === 'rejected') {
    turn.refuseWaiting(noSuchCheckout(), ({ message }) => message === 'Cancel');
    turn.refuseWaiting(error ?? new TrolleyError('internal', 'rejected for no reason'));
    return turn.clear();
  }
  turn.set({ session });
  for (const order of orders) {
    if (order.type === 'perform') want[order.step](turn, session.context, order.delayMs);
    else publishCompleted(turn, session.context);
  }
  if (endingOf(session) === undefined) return;
  const checkout = viewOf(session);
  turn.answerWaiting(({ message, tag }) =>
    message === 'Start' ? { created: (tag as { created: boolean }).created, checkout } : checkout,
  );
}

const want: Record<Step, (turn: CheckoutTurn, context: CheckoutContext, delayMs: number) => void> = {
  ClaimAndPrice: (turn, context, delayMs) =>
    turn.perform('ClaimAndPrice', inputOf(context, context.limits.reserveMs), { id: effectId, delayMs }),
  Reserve(turn, context, delayMs) {
    const items = context.lines.map(({ productId, quantity }) => ({ productId, quantity }));
    const input = { ...inputOf(context, context.limits.reserveMs), items };
    turn.perform('Reserve', input, { id: effectId, delayMs });
  },
  Charge(turn, context, delayMs) {
    const { totalCents: amountCents, paymentMethod } = context;
    const method = paymentMethod === undefined ? {} : { paymentMethod };
    const input = {
      ...inputOf(context, context.limits.paymentMs),
      amountCents,
      currency: context.currency,
      ...method,
    };
    turn.perform('Charge', input, { id: effectId, delayMs });
  },
  Confirm: (turn, context, delayMs) => turn.perform('Confirm', inputOf(context), { id: effectId, delayMs }),
  Refund: (turn, context, delayMs) => turn.perform('Refund', inputOf(context), { id: effectId, delayMs }),
  Release: (turn, context, delayMs) => turn.perform('Release', inputOf(context), { id: effectId, delayMs }),
  ReleaseClaim: (turn, context, delayMs) =>
    turn.perform('ReleaseClaim', inputOf(context), { id: effectId, delayMs }),
};

/** Within a limit one call takes at most half of it, so that a lost answer leaves time to ask again. */
function inputOf({ checkoutId, userId, giveUpAt }: CheckoutContext, limitMs?: number) {
  return {
    checkoutId,
    userId,
    ...(giveUpAt === undefined ? {} : { giveUpAt }),
    callTimeoutMs: limitMs === undefined ? callTimeoutMs : Math.ceil(limitMs / 2),
  };
}

function publishCompleted(turn: CheckoutTurn, context: CheckoutContext): void {
  turn.publish({
    type: checkoutCompletedType,
    partitionKey: String(context.userId),
    payload: encodeCheckoutCompleted({ ...context, completedAt: context.completedAt ?? turn.now }),
  });
}

/** Whatever the order of an address's fields. */
function isSameRequest({ context }: CheckoutSession, request: StartRequest): boolean {
  return (
    context.paymentMethod === request.paymentMethod &&
    isDeepStrictEqual(context.shippingAddress, request.shippingAddress)
  );
}

/** The session, unless nothing was ever accepted; what was rejected was once stored all the same. */
function accepted({ session }: CheckoutState): CheckoutSession | undefined {
  return session === null || endingOf(session) === 'rejected' ? undefined : session;
}

/** @throws TrolleyError `not_found` */
function found(state: CheckoutState): CheckoutSession {
  const session = accepted(state);
  if (session === undefined) throw noSuchCheckout();
  return session;
}
