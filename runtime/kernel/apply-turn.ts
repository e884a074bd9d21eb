import type { AnyActor, Outcome } from '../define/actor.ts';
import { HandlerDefect } from '../define/defect.ts';
import { codeOf, toWireError } from '../define/errors.ts';
import type { Delivery, Ack, Envelope } from '../mailbox/mailbox.ts';
import type { ActorRecord, PendingEffect } from '../storage/state-store.ts';
import { applyMessage, applyOutcome } from './apply.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { FailedTry } from './node-observer.ts';
import { isNear } from './near-asks.ts';
import { postMortem } from './post-mortem.ts';
import type { TurnContext } from './turn-context.ts';
import { draftOf, refusedWith, withReply, type TurnDraft } from './turn-draft.ts';

/** What a turn takes up: outcomes of effects first, then messages. */
export interface TurnInput {
  readonly outcomes: readonly EffectResult[];
  readonly deliveries: readonly Delivery[];
  /** What an earlier turn made of the record is still to be written. */
  readonly unwritten: boolean;
}

export interface EffectResult {
  readonly effect: PendingEffect;
  readonly outcome: Outcome<unknown>;
}

export interface TurnResult {
  readonly draft: TurnDraft;
  readonly done: readonly Ack[];
  /** Outcomes whose handler failed: to be tried again. */
  readonly untaken: readonly EffectResult[];
  /** One of them failed for good: its actor is to be parked. No message was taken up. */
  readonly stuck?: Failure;
  /** What is for a later turn: a message to be tried again or to be given up, and what waits behind it. */
  readonly left: readonly Delivery[];
  /** Failed for good, in a turn of its own: by the actor's policy it is among `done`, or its actor is to be parked. */
  readonly poison?: Poison;
}

export interface Poison {
  readonly delivery: Delivery;
  readonly error: unknown;
  readonly attempts: number;
}

/** Why a message or an outcome could not be handled, as often as it was tried. */
export interface Failure {
  readonly attempts: number;
  readonly error: unknown;
  /** Another try would end the same way. */
  readonly isFinal?: boolean;
}

/** What failed in earlier turns and was not taken up since. */
export interface EarlierFailures {
  /** By job id. */
  readonly ofMessages: Map<string, Failure>;
  /** By the run of the effect or the reminder. */
  readonly ofOutcomes: Map<string, Failure>;
}

/** Times that a message or an outcome is tried before it is given up. */
const maxAttempts = 3;

export function failedAgain(failures: Map<string, Failure>, jobId: string, error: unknown): Failure {
  const attempts = (failures.get(jobId)?.attempts ?? 0) + 1;
  const failure = { attempts, error, isFinal: error instanceof HandlerDefect };
  failures.set(jobId, failure);
  return failure;
}

/** Whether it is not to be tried again. */
export function isGivenUp(failure: Failure | undefined): failure is Failure {
  return failure !== undefined && (failure.isFinal === true || failure.attempts >= maxAttempts);
}

/** Which message a line of the log is about. */
export function aboutMessage(actor: string, { name: message, id: messageId, requestId }: Envelope) {
  return { actor, message, messageId, requestId };
}

/** What observers hear of it. */
export function failedTry(
  actor: ActorAddress,
  what: FailedTry['what'],
  name: string,
  { attempts, error }: Failure,
): FailedTry {
  return { actor, what, name, attempts, error };
}

/** An older version than the one that wanted the effect: a newer node knows what to do. */
const isUnknown = (error: unknown) => codeOf(error) === 'unknown_message';

/** Handlers are pure: only another state could make a difference, so a defect is no more final than anything else. */
const isStuck = ({ attempts, error }: Failure) => attempts >= maxAttempts && !isUnknown(error);

export const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/**
 * Applies outcomes, then messages, until one of these fails; what comes behind it waits for it, or the order
 * would be lost.
 *
 * What is given up has a turn of its own that writes nothing: answered with a write that a crash parts from the end
 * of the message, it would be handled again after later messages, and perhaps applied.
 */
export function applyTurn(
  actor: AnyActor,
  record: ActorRecord,
  { outcomes, deliveries, unwritten }: TurnInput,
  context: TurnContext,
  earlier: EarlierFailures,
): TurnResult {
  const { logger } = context;
  const { ofMessages } = earlier;
  let draft = draftOf(record, unwritten);
  const untaken: EffectResult[] = [];
  let stuck: Failure | undefined;
  for (const result of outcomes) {
    const { effect, outcome } = result;
    const { ofOutcomes } = earlier;
    let failure = ofOutcomes.get(effect.run);
    if (failure === undefined || !isStuck(failure)) {
      try {
        draft = applyOutcome(actor, draft, effect, outcome, context);
        continue;
      } catch (error) {
        failure = failedAgain(ofOutcomes, effect.run, error);
      }
    }
    // Its effect stays pending, for all to see.
    untaken.push(result);
    const { attempts, error } = failure;
    if (isStuck(failure)) {
      stuck ??= { attempts, error: new Error(`${effect.name}: ${reasonOf(error)}`, { cause: error }) };
      continue;
    }
    const about = { actor: context.actorId, effect: effect.name, requestId: effect.requestId };
    const level = !isUnknown(error) ? 'warn' : attempts === 1 ? 'error' : 'debug';
    logger[level](
      { ...about, err: error, attempts },
      'the outcome of an effect could not be taken up and is tried again',
    );
  }
  if (stuck !== undefined) return { draft, done: [], untaken, left: deliveries, stuck };

  const done: Ack[] = [];
  for (const [i, delivery] of deliveries.entries()) {
    const { jobId, envelope } = delivery;
    const about = aboutMessage(context.actorId, envelope);
    let failure = ofMessages.get(jobId);
    if (!isGivenUp(failure)) {
      try {
        draft = applyMessage(actor, draft, envelope, context);
        done.push({ jobId });
        logger.debug(about, 'message handled');
        continue;
      } catch (error) {
        failure = failedAgain(ofMessages, jobId, error);
      }
    }
    const { attempts, error } = failure;
    if (!isGivenUp(failure) || isNear(delivery)) {
      logger.warn({ ...about, err: error, attempts }, 'a message failed and is tried again');
      return { draft, done, untaken, left: deliveries.slice(i) };
    }
    if (done.length > 0 || draft.changed) return { draft, done, untaken, left: deliveries.slice(i) };
    const poison = { delivery, error, attempts };
    if (actor.definition.onPoison === 'park') return { draft, done, untaken, left: [], poison };
    const { state } = record;
    done.push({ jobId, failedReason: reasonOf(error), attempts, ...postMortem(error, state) });
    const answer = refusedWith(toWireError(error));
    draft = withReply(draft, envelope.replyTo, `${context.actorId}/${envelope.id}`, answer);
    return { draft, done, untaken, left: deliveries.slice(i + 1), poison };
  }
  return { draft, done, untaken, left: [] };
}
