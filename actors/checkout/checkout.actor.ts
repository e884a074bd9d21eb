import { isDeepStrictEqual } from 'node:util';
import { ActorError, defineActor, type Outcome, refusal, type Turn } from '@trolley/runtime';
import { traceIdOf } from '@trolley/runtime/adapters';
import { z } from 'zod';
import { checkoutCompletedType, encodeCheckoutCompleted } from './checkout-completed.ts';
import { CheckoutContract, checkoutIdFor, noSuchCheckout, type CheckoutView } from './checkout.contract.ts';
import { createCheckoutEffects, inputOf, type CheckoutEffects } from './checkout.effects.ts';
import { eventOf, type CheckoutEvent } from './checkout.events.ts';
import type { CheckoutPorts } from './checkout.ports.ts';
import { advanceSaga, beginSaga, endingOf, type SagaStep } from './checkout.saga.ts';
import { CheckoutState, viewOf, type CheckoutContext, type CheckoutSession } from './checkout.state.ts';
import type { StepAnswer } from './checkout.step.ts';
import { forEachStep } from './checkout.steps.ts';

export interface CheckoutDeps extends CheckoutPorts {
  /** How long claiming with pricing, and then reserving, may take together with all retries. */
  readonly reserveTimeoutMs: number;
  /** The same for the charge. */
  readonly paymentTimeoutMs: number;
}

type StartRequest = Pick<CheckoutContext, 'paymentMethod' | 'shippingAddress'>;
/** Of callers who wait for the end of a checkout: whether it was begun for this one. */
const tags = { Start: z.object({ created: z.boolean() }) };

type CheckoutTurn = Turn<
  CheckoutState,
  CheckoutEffects,
  typeof CheckoutContract.messages,
  { Start: z.infer<typeof tags.Start> }
>;

const currency = 'USD';
/** One step at a time; a wanted step replaces whatever was wanted before it. */
const effectId = 'step';

/** The saga as an actor: a turn moves the machine on, and its commands become effects of that turn. */
export function createCheckoutActor({ reserveTimeoutMs, paymentTimeoutMs, ...ports }: CheckoutDeps) {
  const limits = { reserveMs: reserveTimeoutMs, paymentMs: paymentTimeoutMs };
  return defineActor(CheckoutContract, {
    state: CheckoutState,
    initial: () => ({ session: null }),
    effects: createCheckoutEffects(ports),
    tags,
    // One that has ended is hardly asked again, and each purchase makes one more.
    idleMs: 1_000,

    receive: {
      Start(turn, input) {
        const { userId, idempotencyKey } = input;
        if (turn.key !== checkoutIdFor(userId, idempotencyKey)) {
          throw new ActorError('invalid_request', 'the key does not belong to this checkout');
        }
        const session = accepted(turn.state);
        if (session === undefined) {
          const begun = { checkoutId: turn.key, currency, limits, at: turn.now, ...input };
          follow(turn, beginSaga(begun, traceIdOf(turn.traceparent)));
          // Nothing is accepted before there are prices: a claim that no checkout knows is given back by its cart.
          turn.postponeWrite();
          return turn.defer({ created: true });
        }
        if (!isSameRequest(session, input)) {
          throw new ActorError(
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
          throw gone(session);
        }
        const step = advanceSaga(session, { type: 'Cancel', at: turn.now });
        if (!step.session.context.cancelRequested) {
          throw refusal(CheckoutContract, 'conflict', 'the checkout can no longer be cancelled');
        }
        follow(turn, step);
        return turn.defer();
      },

      Resume(turn, { by }) {
        const session = found(turn.state);
        if (endingOf(session) !== undefined) throw gone(session);
        return order(turn, session, { type: 'Resume', at: turn.now, ...(by === undefined ? {} : { by }) });
      },

      Compensate(turn, { reason, by }) {
        const session = found(turn.state);
        if (endingOf(session) === 'completed') throw gone(session);
        const said = { reason, ...(by === undefined ? {} : { by }) };
        return order(turn, session, { type: 'Compensate', at: turn.now, ...said });
      },
    },

    onResult: forEachStep(
      (_, name) => (turn: CheckoutTurn, outcome: Outcome<StepAnswer>) =>
        take(turn, eventOf(name, outcome, turn.now), outcome.ok ? undefined : outcome.error),
    ),
  });
}

function take(turn: CheckoutTurn, event: CheckoutEvent, error?: ActorError): void {
  const { session } = turn.state;
  if (session === null) return;
  const step = advanceSaga(session, event);
  follow(turn, step, error);
  if (step.mayWait) turn.postponeWrite();
}

/** What an operator orders; nothing where that is what it does already. */
function order(turn: CheckoutTurn, session: CheckoutSession, event: CheckoutEvent): CheckoutView {
  const step = advanceSaga(session, event);
  if (step.session !== session) follow(turn, step);
  return viewOf(step.session);
}

/** Makes a step of the saga part of the turn, and answers those who wait for the end. */
function follow(turn: CheckoutTurn, { session, commands }: SagaStep, error?: ActorError): void {
  if (endingOf(session) === 'rejected') {
    turn.refuseWaiting(noSuchCheckout(), ({ message }) => message === 'Cancel');
    turn.refuseWaiting(error ?? new ActorError('internal', 'rejected for no reason'));
    return turn.clear();
  }
  turn.set({ session });
  for (const command of commands) {
    if (command.type === 'publishCompleted') publishCompleted(turn, session.context);
    else {
      const { step, delayMs } = command;
      turn.perform(step, inputOf(step, session.context), { id: effectId, delayMs });
    }
  }
  if (endingOf(session) === undefined) return;
  const checkout = viewOf(session);
  turn.answerWaiting({
    Start: ({ tag: { created } }) => ({ created, checkout }),
    Cancel: () => checkout,
  });
}

function gone({ context }: CheckoutSession): ActorError {
  return refusal(CheckoutContract, 'conflict', `the checkout is ${context.status}`);
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

/** @throws ActorError `not_found` */
function found(state: CheckoutState): CheckoutSession {
  const session = accepted(state);
  if (session === undefined) throw noSuchCheckout();
  return session;
}
