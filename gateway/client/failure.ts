import type { Attempt } from './attempt.ts';
import type { Deadline } from './deadline.ts';
import { retryAfterMs } from './retry-policy.ts';
import type { Code, DetailsOf } from './trolley-error.ts';

/** Why a request did not get what it asked for. */
export interface Failure {
  readonly message: string;
  /** That of a newer shop may be one that is not known here. */
  readonly code: Code;
  readonly status: number | undefined;
  readonly details: DetailsOf<'precondition_failed'> & DetailsOf<'unavailable'>;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** Why a call has to end before it has an answer; undefined: it need not. */
export function endOf(deadline: Deadline, cause?: unknown): Failure | undefined {
  const { cancelledBy } = deadline;
  const nothing = { status: undefined, details: {} };
  if (cancelledBy !== undefined)
    return { ...nothing, code: 'cancelled', message: 'the call was given up', cause: cancelledBy };
  if (deadline.leftMs > 0) return undefined;
  return { ...nothing, code: 'timed_out', message: 'the time of the call is over', cause };
}

export function noToken(cause: unknown): Failure {
  const message = `there is no token to send: ${wordsOf(cause)}`;
  return { code: 'no_token', message, status: undefined, details: {}, cause };
}

/** What an attempt without success has come to. */
export function failureOf(attempt: Attempt, deadline: Deadline, now: number): Failure {
  if (attempt.status === undefined) {
    const { cause } = attempt;
    const message = `no whole answer from the shop: ${wordsOf(cause)}`;
    return endOf(deadline, cause) ?? { code: 'no_answer', message, status: undefined, details: {}, cause };
  }
  const { status, headers, body } = attempt;
  const etag = headers.get('etag') ?? undefined;
  const waitMs = retryAfterMs(headers.get('retry-after'), now);
  const details = {
    ...(etag === undefined ? {} : { etag }),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  };
  const requestId = headers.get('x-request-id') ?? undefined;
  if (status >= 400 && isErrorBody(body))
    return { code: body.code, message: body.error, status, details, requestId };
  const message = `the answer, with status ${status}, is not the shop's`;
  return { code: 'not_understood', message, status, details, requestId };
}

function isErrorBody(body: unknown): body is { readonly error: string; readonly code: Code } {
  return (
    typeof body === 'object' &&
    body !== null &&
    'error' in body &&
    typeof body.error === 'string' &&
    'code' in body &&
    typeof body.code === 'string'
  );
}

/** Those of `fetch` are in the cause of what it throws. */
function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error && thrown.cause.message !== '' ? thrown.cause.message : thrown.message;
}
