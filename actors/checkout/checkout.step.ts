import { isActorError, ActorError } from '@trolley/runtime';
import type { Shortage } from '../values/shortage.contract.ts';
import type { ServiceCall } from '../services/service-call.ts';
import type { StepPorts } from './checkout.ports.ts';
import type { CheckoutContext } from './checkout.state.ts';

/** What every step is told. It is stored while the step is under way. */
export interface StepInput {
  readonly checkoutId: string;
  readonly userId: number;
  /** Milliseconds since the epoch after which the step is not tried any more; without it, it always is. */
  readonly giveUpAt?: number;
  /** The longest that one call may take. */
  readonly callTimeoutMs: number;
}

/** What the far side said. `done` carries what the checkout keeps of it, by the names of its context. */
export type StepAnswer =
  | ({ readonly type: 'done' } & Partial<CheckoutContext>)
  | { readonly type: 'declined'; readonly reason: string }
  | { readonly type: 'refused'; readonly code: string; readonly shortages?: readonly Shortage[] };

/** Whom a step asks, where it asks several. */
export type Party = 'cart' | 'catalog';

/** One thing that is done outside. It may be repeated at will: the far side is idempotent by checkout id. */
interface Action<Name extends string, Answer extends StepAnswer, Extra extends object> {
  /** Of the effect, and the beginning of its events' names. Stored while it is under way: never rename it. */
  readonly name: Name;
  /** For people: what it does, in a few words. */
  readonly label: string;
  /** What the checkout keeps of its answer, by the names of its context. */
  readonly keeps?: readonly (keyof CheckoutContext)[];
  /** What it is told besides what every step is. */
  input?(context: CheckoutContext): Extra;
  /** @throws ActorError a refusal, or an unknown outcome, by its code (`isCertainlyRefused`) */
  invoke(ports: StepPorts, input: StepInput & Extra, call: () => ServiceCall): Promise<Answer>;
}

/** What undoes a step. It is tried until it is known to be done. */
export interface Compensation<
  Name extends string = string,
  Answer extends StepAnswer = StepAnswer,
  Extra extends object = object,
> extends Action<Name, Answer, Extra> {
  /** Its mark in `undo`, which stands for as long as there may be something to undo. */
  readonly mark: keyof CheckoutContext['undo'];
  /** The far side's `not_found` means that there is nothing to undo. */
  readonly isDoneIfNotFound?: boolean;
}

/** A step after the payment: it is retried until the far side has answered, and nothing undoes it. */
export interface RetriableStep<
  Name extends string = string,
  Answer extends StepAnswer = StepAnswer,
  Extra extends object = object,
> extends Action<Name, Answer, Extra> {
  /** Why the checkout failed, from the code or the reason of a refusal. */
  failure(code: string): string;
}

/** A step before the payment or the payment itself: it is given up at its limit, and undone when the checkout fails. */
export interface CompensatableStep<
  Name extends string = string,
  Answer extends StepAnswer = StepAnswer,
  Extra extends object = object,
  Undo extends Compensation = Compensation,
> extends RetriableStep<Name, Answer, Extra> {
  readonly limit: {
    /** How long the step may take with all retries. */
    readonly setting: keyof CheckoutContext['limits'];
    /** Why the checkout failed, when it took longer. */
    failure(party?: Party): string;
  };
  readonly compensation: Undo;
  /**
   * The next step may begin before the answer is on record. After a crash between the two this step is asked again, and
   * the far side answers the same, or what the next one did is undone. Default: never.
   */
  readonly answerMayWait?: boolean;
}

export type Step = CompensatableStep | RetriableStep | Compensation;

export function defineCompensatable<
  const Name extends string,
  Answer extends StepAnswer,
  Undo extends Compensation,
  Extra extends object = object,
>(step: CompensatableStep<Name, Answer, Extra, Undo>): CompensatableStep<Name, Answer, Extra, Undo> {
  return step;
}

export function defineRetriable<
  const Name extends string,
  Answer extends StepAnswer,
  Extra extends object = object,
>(step: RetriableStep<Name, Answer, Extra>): RetriableStep<Name, Answer, Extra> {
  return step;
}

export function defineCompensation<
  const Name extends string,
  Answer extends StepAnswer,
  Extra extends object = object,
>(compensation: Compensation<Name, Answer, Extra>): Compensation<Name, Answer, Extra> {
  return compensation;
}

/** Names in the error who was asked. */
export function blaming(party: Party) {
  return (cause: unknown): never => {
    if (!isActorError(cause)) throw cause;
    throw new ActorError(cause.code, cause.message, { cause, details: { ...cause.details, party } });
  };
}

/** Who was asked when a step failed, if it has named them. */
export function partyOf({ details }: ActorError): Party | undefined {
  const party = details?.['party'];
  return party === 'cart' || party === 'catalog' ? party : undefined;
}
