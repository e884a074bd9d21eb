import { ActorError, type Clock, type EffectContext } from '@trolley/runtime';
import type { ServiceCall } from '../services/service-call.ts';
import { createCartClaims } from './cart-claims.ts';
import type { CheckoutPorts } from './checkout.ports.ts';
import type { CheckoutContext } from './checkout.state.ts';
import type { Step, StepAnswer, StepInput } from './checkout.step.ts';
import { forEachStep, type StepName, stepNamed } from './checkout.steps.ts';

/** Of steps without a limit of their own. */
const defaultCallTimeoutMs = 10_000;

/** The steps, as effects of the checkout actor. */
export type CheckoutEffects = Readonly<
  Record<StepName, (input: StepInput, context: EffectContext) => Promise<StepAnswer>>
>;

export function createCheckoutEffects(ports: CheckoutPorts): CheckoutEffects {
  return forEachStep((step) => async (input, context) => {
    const withCarts = { carts: createCartClaims(context.refs), ...ports };
    return step.invoke(withCarts, input, () => callOf(input, context, ports.clock));
  });
}

/** Within a limit one call takes at most half of it, so that a lost answer leaves time to ask again. */
export function inputOf(name: StepName, context: CheckoutContext): StepInput {
  const step: Step = stepNamed(name);
  const { checkoutId, userId, giveUpAt, limits } = context;
  return {
    checkoutId,
    userId,
    ...(giveUpAt === undefined ? {} : { giveUpAt }),
    callTimeoutMs: 'limit' in step ? Math.ceil(limits[step.limit.setting] / 2) : defaultCallTimeoutMs,
    ...step.input?.(context),
  };
}

/** @throws ActorError `deadline_exceeded`: an earlier run may have reached the far side, so it is unknown */
function callOf(input: StepInput, context: EffectContext, clock: Pick<Clock, 'now'>): ServiceCall {
  const leftMs = (input.giveUpAt ?? Infinity) - clock.now();
  if (leftMs <= 0) throw new ActorError('deadline_exceeded', 'the time for this step is over');
  const { signal, requestId, traceparent, tracestate } = context;
  const timeoutMs = Math.min(leftMs, input.callTimeoutMs);
  return { signal, requestId, traceparent, tracestate, userId: String(input.userId), timeoutMs };
}
