import type { Outcome } from '@trolley/runtime';
import { shortagesOf, type Shortage } from '../values/shortage.contract.ts';
import { partyOf, type Party, type StepAnswer } from './checkout.step.ts';
import type { CheckoutContext } from './checkout.state.ts';
import type { AnyStep, StepName } from './checkout.steps.ts';
import { isCertainlyRefused } from './refusal.ts';

/** `at`: milliseconds since the epoch. */
interface Told<Type extends string> {
  readonly type: Type;
  readonly at: number;
  /** The step may have ended before, and others may have begun after it, of which nothing is on record. */
  readonly repeated?: boolean;
}

/** What a step's `invoke` answers, as an event: `done` of Reserve is `Reserve.done`. */
type Answered<Name extends string, Answer> = Answer extends { readonly type: infer Type extends string }
  ? Told<`${Name}.${Type}`> & Omit<Answer, 'type'>
  : never;

/** `code`: an error code, or a reason of the same kind. */
type Failed<Type extends string> = Told<Type> & {
  readonly code: string;
  /** What the error said: for people. */
  readonly message?: string;
  /** Who gave no answer, where the step asks several. */
  readonly party?: Party;
  /** What there is too little of, where that was the reason. */
  readonly shortages?: readonly Shortage[];
};

type AnswerOf<S extends AnyStep> = Awaited<ReturnType<S['invoke']>>;
type StepEvent<S extends AnyStep> = S extends AnyStep ? Answered<S['name'], AnswerOf<S>> : never;
type FailedStep = { [S in StepName]: Failed<`${S}.refused`> | Failed<`${S}.unknown`> }[StepName];

/** `by`: who said so, where that is known. */
type Ordered<Type extends string> = Told<Type> & { readonly by?: string };

export type CheckoutEvent =
  | StepEvent<AnyStep>
  | FailedStep
  | Told<'Cancel'>
  | Ordered<'Resume'>
  | (Ordered<'Compensate'> & { readonly reason: string });

/** What a checkout starts with; `at` in milliseconds since the epoch. */
export type CheckoutInput = Pick<
  CheckoutContext,
  'checkoutId' | 'userId' | 'idempotencyKey' | 'shippingAddress' | 'paymentMethod' | 'currency' | 'limits'
> & { readonly at: number };

/** What the machine is told of how a step's effect ended. */
export function eventOf(name: StepName, outcome: Outcome<StepAnswer>, at: number): CheckoutEvent {
  const repeated = outcome.repeated === true ? { repeated: true } : {};
  if (outcome.ok) {
    const type = `${name}.${outcome.value.type}`;
    return { at, ...repeated, ...outcome.value, type } as CheckoutEvent;
  }
  const { error } = outcome;
  const [party, shortages] = [partyOf(error), shortagesOf(error)];
  const type = `${name}.${isCertainlyRefused(error) ? 'refused' : 'unknown'}`;
  return {
    ...{ type, at, ...repeated, code: error.code, message: error.message },
    ...(party === undefined ? {} : { party }),
    ...(shortages === undefined ? {} : { shortages }),
  } as CheckoutEvent;
}
