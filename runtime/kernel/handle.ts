import type { Outcome } from '../define/actor.ts';
import type { HandledMessage, Next, TakenOutcome } from '../define/interceptor.ts';
import type { PendingEffect } from '../storage/state-store.ts';
import { MessageTurn, type TurnSubject } from './message-turn.ts';
import type { TurnContext } from './turn-context.ts';
import type { TurnDraft } from './turn-draft.ts';

export type Handler = (turn: MessageTurn, input: unknown) => unknown;

export type ResultHandler = (turn: MessageTurn, outcome: Outcome<unknown>, input: unknown) => void;

/** What a handler returned, and the draft that it made. */
export interface Handled {
  readonly result: unknown;
  readonly draft: TurnDraft;
}

/** Runs the handler of one message on a draft, through the node's interceptors where there are some. */
export function handle(
  draft: TurnDraft,
  context: TurnContext,
  subject: TurnSubject,
  handler: Handler,
  input: unknown,
): Handled {
  const { interceptHandle } = context;
  if (interceptHandle === undefined) {
    const turn = new MessageTurn(draft, context, subject);
    const result = handler(turn, input);
    return { result, draft: turn.draft };
  }
  const { name: message, isReminder = false } = subject;
  const { type, key } = context;
  const { messageId, sentAt, requestId, traceparent, tracestate } = subject;
  const trace = { requestId, traceparent, tracestate };
  const handled: HandledMessage = { type, key, message, messageId, sentAt, ...trace, input, isReminder };
  return intercepted(interceptHandle, handled, draft, (changed) => {
    const { requestId, traceparent, tracestate } = changed;
    const turn = new MessageTurn(draft, context, { ...subject, requestId, traceparent, tracestate });
    const result = handler(turn, changed.input);
    return { result, draft: turn.draft };
  });
}

/** Runs the handler of the outcome of an effect in the same way. */
export function takeUp(
  draft: TurnDraft,
  context: TurnContext,
  { name, input, run, requestId, traceparent, tracestate }: PendingEffect,
  handler: ResultHandler,
  outcome: Outcome<unknown>,
): TurnDraft {
  const subject = { messageId: run, cause: run, name, requestId, traceparent, tracestate };
  const { interceptOutcome, type, key } = context;
  if (interceptOutcome === undefined) {
    const turn = new MessageTurn(draft, context, subject);
    handler(turn, outcome, input);
    return turn.draft;
  }
  const taken: TakenOutcome = {
    ...{ type, key, effect: name, input, outcome, requestId, traceparent, tracestate },
  };
  return intercepted(interceptOutcome, taken, draft, (changed) => {
    const { requestId, traceparent, tracestate } = changed;
    const turn = new MessageTurn(draft, context, { ...subject, requestId, traceparent, tracestate });
    handler(turn, changed.outcome, changed.input);
    return { result: undefined, draft: turn.draft };
  }).draft;
}

function intercepted<Call>(
  intercept: (call: Call, next: Next<Call, unknown>) => unknown,
  call: Call,
  draft: TurnDraft,
  run: (changed: Call) => Handled,
): Handled {
  // Stays what it was when the handler throws, also where an interceptor catches that: a turn is never half.
  let made = draft;
  let mayRun = true;
  const next = (changed: Call) => {
    if (!mayRun) throw new TypeError('an interceptor goes on once, and before it returns');
    mayRun = false;
    const handled = run(changed);
    made = handled.draft;
    return handled.result;
  };
  try {
    const result = intercept(call, next);
    return { result, draft: made };
  } finally {
    mayRun = false;
  }
}
