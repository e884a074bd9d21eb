import type { AnyActor, Outcome } from '../define/actor.ts';
import { keep } from '../define/carried-value.ts';
import { isActorError, toWireError, ActorError } from '../define/errors.ts';
import type { MessageSpec } from '../define/contract.ts';
import { parse, parseOrThrow } from '../define/schema.ts';
import { envelopeVersion, type Envelope } from '../mailbox/mailbox.ts';
import type { AppliedMessage, PendingEffect, StoredAnswer } from '../storage/state-store.ts';
import { appliedBefore, fingerprintsOf, isSameRequest } from './applied-messages.ts';
import { handle, takeUp, type Handled, type Handler, type ResultHandler } from './handle.ts';
import { checkedAnswer, checkState, thrownBy } from './handler-defect.ts';
import { deferredMark } from './message-turn.ts';
import type { TurnContext } from './turn-context.ts';
import { changeRecord, pass, refusedWith, remember, withReply, type TurnDraft } from './turn-draft.ts';

/** What an actor does with a message of that name, and what goes in and out. */
function understood(actor: AnyActor, name: string): { handler: Handler; spec: MessageSpec } {
  const handlers: Readonly<Record<string, unknown>> = actor.definition.receive;
  const handler = handlers[name] as Handler | undefined;
  const spec = (actor.contract.messages as Record<string, MessageSpec | undefined>)[name];
  if (handler === undefined || spec === undefined) {
    throw new ActorError('unknown_message', `${actor.contract.type} has no message '${name}'`);
  }
  return { handler, spec };
}

/**
 * Applies one message: the draft that it makes of `draft`.
 *
 * A message that was applied before changes nothing and gets its first answer. A refusal (an ActorError)
 * changes nothing and is the answer.
 * @throws whatever else the handler threw: this message did not happen
 */
export function applyMessage(
  actor: AnyActor,
  draft: TurnDraft,
  envelope: Envelope,
  context: TurnContext,
): TurnDraft {
  const correlation = `${context.actorId}/${envelope.id}`;
  const answerWith = (next: TurnDraft, answer: StoredAnswer) =>
    withReply(next, envelope.replyTo, correlation, answer);
  const appliedWith = (answer?: StoredAnswer): AppliedMessage => ({
    id: envelope.id,
    at: context.now,
    ...(answer === undefined ? {} : { answer }),
    ...fingerprintsOf(envelope),
  });
  const passWith = (answer: StoredAnswer) => answerWith(pass(draft, appliedWith(answer)), answer);
  const refuse = (error: ActorError) => passWith(refusedWith(toWireError(error)));

  const known = appliedBefore(draft.record, draft.handled, envelope);
  if (known !== undefined) return applyAgain(draft, known, envelope, correlation);
  if (envelope.deadline !== undefined && envelope.deadline <= context.now) {
    // Not remembered: asked again under the same id, it is handled.
    const late = new ActorError('deadline_exceeded', `${envelope.name} was given up before it was handled`);
    return answerWith(draft, refusedWith(toWireError(late)));
  }

  checkVersion(envelope);
  const { handler, spec } = understood(actor, envelope.name);
  // What the schema passes on as it is, too, is the same when the message is tried again.
  const input = parse(spec.input, keep('the input', envelope.input));
  if (!input.success) return refuse(new ActorError('invalid_request', input.reason));

  const { id: messageId, name, replyTo, requestId, traceparent, tracestate, sentAt } = envelope;
  const subject = { messageId, name, replyTo, requestId, traceparent, tracestate, sentAt };
  let handled: Handled;
  try {
    handled = handle(draft, context, subject, handler, input.data);
  } catch (error) {
    if (isActorError(error)) return refuse(error);
    throw thrownBy(envelope.name, error);
  }
  const { result, draft: made } = handled;
  checkState(actor, draft, made);
  if (result === deferredMark) return remember(made, appliedWith());
  const answer: StoredAnswer = { ok: checkedAnswer(spec, result) };
  return made === draft ? passWith(answer) : answerWith(remember(made, appliedWith(answer)), answer);
}

/** @throws ActorError `unknown_message` when a newer release has sent it: one of its nodes may handle it */
export function checkVersion({ v, name }: Envelope): void {
  if (v <= envelopeVersion) return;
  throw new ActorError(
    'unknown_message',
    `${name} came in an envelope of version ${v}; this node reads up to ${envelopeVersion}`,
  );
}

function applyAgain(
  draft: TurnDraft,
  known: AppliedMessage,
  envelope: Envelope,
  correlation: string,
): TurnDraft {
  const { id, replyTo, name } = envelope;
  if (!isSameRequest(known, envelope)) {
    const reused = new ActorError(
      'idempotency_key_reused',
      'this idempotency key was used for another request',
    );
    return withReply(draft, replyTo, correlation, refusedWith(toWireError(reused)));
  }
  if (known.answerDropped === true) {
    const late = new ActorError(
      'answer_dropped',
      `${name} was applied before, too long ago for its answer to be kept`,
    );
    return withReply(draft, replyTo, correlation, refusedWith(toWireError(late)));
  }
  if (known.answer !== undefined) return withReply(draft, replyTo, correlation, known.answer);
  const { waiting } = draft.record;
  const first = waiting.find((one) => one.messageId === id);
  if (first === undefined) return withReply(draft, replyTo, correlation, { ok: undefined });
  if (replyTo === undefined || waiting.some((one) => one.messageId === id && one.replyTo === replyTo))
    return draft;
  return changeRecord(draft, { waiting: [...waiting, { ...first, message: name, replyTo }] });
}

/**
 * Takes up the outcome of an effect; one that was cancelled or replaced meanwhile changes nothing.
 * @throws whatever the handler threw: the outcome is not taken up
 */
export function applyOutcome(
  actor: AnyActor,
  draft: TurnDraft,
  effect: PendingEffect,
  outcome: Outcome<unknown>,
  context: TurnContext,
): TurnDraft {
  const { effects } = draft.record;
  if (!effects.some((one) => one.run === effect.run)) return draft;
  const without = changeRecord(draft, { effects: effects.filter((one) => one.run !== effect.run) });
  if (effect.reminder === true) return applyReminder(actor, without, effect, context);
  const handler = (actor.definition.onResult as Record<string, ResultHandler> | undefined)?.[effect.name];
  if (handler === undefined) {
    throw new ActorError('unknown_message', `${context.actorId} does not know the effect '${effect.name}'`);
  }
  let made: TurnDraft;
  try {
    made = takeUp(without, context, effect, handler, outcome);
  } catch (error) {
    throw thrownBy(effect.name, error);
  }
  checkState(actor, without, made);
  return made;
}

/** The message that a reminder brings; refused, it is over all the same. */
function applyReminder(
  actor: AnyActor,
  draft: TurnDraft,
  { name, input, run, requestId, traceparent, tracestate }: PendingEffect,
  context: TurnContext,
): TurnDraft {
  const { handler, spec } = understood(actor, name);
  // It became read-only after it was set: nobody hears what it reads.
  if (spec.readOnly === true) return draft;
  const subject = { messageId: run, name, requestId, traceparent, tracestate, isReminder: true };
  try {
    // Parsed when it was set; but that may have been under an older version of the contract.
    const { draft: made } = handle(draft, context, subject, handler, parseOrThrow(spec.input, input));
    checkState(actor, draft, made);
    return made;
  } catch (error) {
    if (!isActorError(error)) throw thrownBy(name, error);
    const { code, message } = error;
    context.logger.info(
      { actor: context.actorId, reminder: name, code },
      `a reminder was refused: ${message}`,
    );
    return draft;
  }
}
