import { isActorError, type ActorError } from '@trolley/runtime';
import { meaningOf, ShopError } from './error-table.ts';
import { etagOf } from './entity-tags.ts';

/** An error as it leaves over HTTP. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: string; readonly code: string; readonly request_id: string };
}

/** Status, code and sentence of an error, all from the one table; what was not foreseen keeps its text to itself. */
export function errorAnswer(error: ActorError, requestId: string): ErrorAnswer {
  const { http } = meaningOf(error.code);
  return {
    status: http,
    headers: headersOf(error, http),
    body: { error: sentenceOf(error), code: error.code, request_id: requestId },
  };
}

/** The texts of the last two come from drivers and name addresses that are nobody's business outside. */
function sentenceOf(error: ActorError): string {
  if (!meaningOf(error.code).expose) return 'something went wrong on our side';
  if (error.details?.['overloaded'] === true) return 'more is asked than can be answered, try again later';
  if (error.code === 'unavailable') return `a part of the shop is down, try again later${reasonOf(error)}`;
  if (error.code === 'deadline_exceeded') return 'no answer in time, the request may still be carried out';
  return error.message;
}

/** What may be told of it: `no node holds shard 33`. */
const reasonOf = ({ details }: ActorError) =>
  typeof details?.['reason'] === 'string' ? `: ${details['reason']}` : '';

function headersOf(error: ActorError, http: number): Readonly<Record<string, string>> {
  const { allow, challenge, retryAfterMs, version } = error.details ?? {};
  if (http === 401) {
    const reason =
      challenge === undefined
        ? ''
        : `, error="${challenge}", error_description="${error.message.replaceAll('"', "'")}"`;
    return { 'WWW-Authenticate': `Bearer realm="trolley"${reason}` };
  }
  // The rest of the request may still come, and would be taken for the next one.
  if (http === 408) return { Connection: 'close' };
  if (http === 405) return { Allow: String(allow ?? '') };
  if (http === 412 && typeof version === 'number') return { ETag: etagOf(version) };
  if (http === 429 || http === 503) {
    const waitMs = typeof retryAfterMs === 'number' ? retryAfterMs : 1000;
    return { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) };
  }
  return {};
}

// What sockets and PostgreSQL report when the far side is down; drivers throw these through our ports.
const downCodes =
  /^(ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08...|53300|57P0[123])$/;

/** Any error as one of ours: recognised by code, and `internal` where there is none that says more. */
export function asActorError(error: unknown): ActorError {
  if (isActorError(error)) return error;
  const { code, status } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    status?: unknown;
  };
  if (typeof code === 'string' && downCodes.test(code)) {
    return new ShopError('unavailable', 'a dependency is down', { cause: error });
  }
  // Koa and its middleware throw errors with an HTTP status.
  if (status === 413) return new ShopError('payload_too_large', 'the body is too large', { cause: error });
  if (status === 415) {
    return new ShopError('unsupported_media_type', 'the encoding of the body is not supported', {
      cause: error,
    });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ShopError('invalid_request', 'the request is not understood', { cause: error });
  }
  return new ShopError('internal', 'an unforeseen error', { cause: error });
}
