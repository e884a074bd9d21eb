import type { HandledMessage } from '../define/interceptor.ts';
import { MessageTurn, type TurnContext, type TurnSubject } from './message-turn.ts';
import type { TurnDraft } from './turn-draft.ts';

export type Handler = (turn: MessageTurn, input: unknown) => unknown;

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
  if (interceptHandle !== undefined)
    return intercepted(interceptHandle, draft, context, subject, handler, input);
  const turn = new MessageTurn(draft, context, subject);
  const result = handler(turn, input);
  return { result, draft: turn.draft };
}

function intercepted(
  intercept: NonNullable<TurnContext['interceptHandle']>,
  draft: TurnDraft,
  context: TurnContext,
  subject: TurnSubject,
  handler: Handler,
  input: unknown,
): Handled {
  const { name: message, isReminder = false } = subject;
  const { type, key } = context;
  const { messageId, requestId, traceparent } = subject;
  const handled = { type, key, message, messageId, requestId, traceparent, input, isReminder };
  // Stays what it was when the handler throws, also where an interceptor catches that: a turn is never half.
  let made = draft;
  let mayRun = true;
  const next = (changed: HandledMessage) => {
    if (!mayRun) throw new TypeError(`${message}: an interceptor goes on once, and before it returns`);
    mayRun = false;
    const { requestId, traceparent } = changed;
    const turn = new MessageTurn(draft, context, { ...subject, requestId, traceparent });
    const result = handler(turn, changed.input);
    made = turn.draft;
    return result;
  };
  try {
    const result = intercept(handled, next);
    return { result, draft: made };
  } finally {
    mayRun = false;
  }
}
