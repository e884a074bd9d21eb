/**
 * The one error type of actors and their callers. An application's refusals have codes of its own; what they mean
 * outside (over HTTP, in a log) is for the application to say.
 *
 * An error is recognised by its `code`, never by `instanceof`: it crosses process borders as
 * `{code, message, details}` and is the same error on the other side, also where its code is not known yet.
 */

/** Whether a later try can help. `never`: the same call will be refused again. `backoff`: it may succeed later. */
export type Retry = 'never' | 'backoff';

/** The codes that the runtime itself throws, each with whether a later try can help. */
export const runtimeCodes = {
  /** The message, or what a handler was given with it, does not fit the contract. */
  invalid_request: 'never',
  /** The message is larger than a mailbox takes. */
  payload_too_large: 'never',
  /** The idempotency key was used before, with another input. */
  idempotency_key_reused: 'never',
  /** The mailbox of this key has as many messages as it may have. */
  mailbox_full: 'backoff',
  /** A server or a node is down, or the actor is parked. */
  unavailable: 'backoff',
  /** No answer in time. The message may be applied yet. */
  deadline_exceeded: 'backoff',
  /** Something else came between, such as the loss of a lease. */
  aborted: 'backoff',
  /** The message was applied before, under this id, and its answer is not kept any more. */
  answer_dropped: 'never',
  /** No node hosts this type of actor. */
  unknown_actor: 'never',
  /** The contract has no such message, or no such effect. */
  unknown_message: 'never',
  /** A fault in a program, whose text is in the log and not in the error. */
  internal: 'never',
} as const satisfies Record<string, Retry>;

export type RuntimeCode = keyof typeof runtimeCodes;

export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** What of an error crosses a process border. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: ErrorDetails;
}

const brand = 'ActorError';

export class ActorError extends Error {
  readonly code: string;
  readonly details: ErrorDetails | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = brand;
    this.code = code;
    this.details = options.details;
  }

  /** A code that is not the runtime's is a handler's refusal, which stands. */
  get retry(): Retry {
    return isRuntimeCode(this.code) ? runtimeCodes[this.code] : 'never';
  }
}

/** Whether a code is one of the runtime's own. */
export function isRuntimeCode(code: string): code is RuntimeCode {
  return Object.hasOwn(runtimeCodes, code);
}

export function isActorError(value: unknown): value is ActorError {
  return value instanceof Error && value.name === brand && 'code' in value;
}

/** The code of an error of ours, else `internal`. */
export function codeOf(error: unknown): string {
  return isActorError(error) ? error.code : 'internal';
}

/** What may be told to another process: an unforeseen error keeps its text to itself. */
export function toWireError(error: unknown): WireError {
  if (!isActorError(error)) return { code: 'internal', message: 'an internal error' };
  return {
    code: error.code,
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

/** The error that was sent. A code from a newer node, which this one does not know, stays what it is. */
export function fromWireError({ code, message, details }: WireError): ActorError {
  return new ActorError(code, message, details === undefined ? {} : { details });
}
