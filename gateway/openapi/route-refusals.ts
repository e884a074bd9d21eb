import type { z } from 'zod';
import type { RouteDescription } from '../api/describe-route.ts';
import { type ErrorCode, meaningOf } from '../error-table.ts';
import { codesOf } from '../guard.ts';

/** What any request may be refused with. */
const always: readonly ErrorCode[] = [
  'invalid_request',
  'request_timeout',
  'headers_too_large',
  'internal',
  'deadline_exceeded',
];
/** Of routes with a rate limit. */
const limited: readonly ErrorCode[] = ['rate_limited', 'unavailable'];
/** Of routes that want a token and ask actors. The last two come from a node of another version. */
const withToken: readonly ErrorCode[] = ['unauthorized', 'mailbox_full', 'unknown_actor', 'unknown_message'];
const ofBodies: readonly ErrorCode[] = ['payload_too_large', 'unsupported_media_type'];
/** `aborted` by a service that is not ours. */
const ofKeys: readonly ErrorCode[] = [
  'invalid_idempotency_key',
  'idempotency_key_reused',
  'answer_dropped',
  'aborted',
];

/** All codes that a route refuses with, by status: those that it names, and those that follow from what it takes. */
export function refusalsOf(route: RouteDescription): ReadonlyMap<number, readonly ErrorCode[]> {
  const { params, query, body, access, method } = route;
  const codes = new Set<ErrorCode>([
    ...always,
    ...(access === 'public' ? [] : limited),
    ...(access === 'user' || access === 'admin' ? withToken : []),
    ...(access === 'admin' ? (['forbidden'] as const) : []),
    ...[params, query, body].flatMap((guard) => (guard === undefined ? [] : fieldCodes(guard))),
    ...(method === 'GET' || method === 'DELETE' ? [] : ofBodies),
    ...(route.retryable === undefined ? [] : ofKeys),
    ...(route.conditional === true ? (['precondition_failed'] as const) : []),
    ...(route.refusals ?? []),
  ]);
  return byStatus(codes);
}

/** What requests that match no route are refused with. */
export function otherRefusals(): ReadonlyMap<number, readonly ErrorCode[]> {
  return byStatus(new Set([...always, ...limited, 'not_found', 'method_not_allowed']));
}

function fieldCodes({ shape }: z.ZodObject): ErrorCode[] {
  return Object.keys(shape).flatMap(codesOf);
}

function byStatus(codes: ReadonlySet<ErrorCode>): Map<number, ErrorCode[]> {
  const sorted = new Map<number, ErrorCode[]>();
  for (const code of [...codes].sort()) {
    const { http } = meaningOf(code);
    sorted.set(http, [...(sorted.get(http) ?? []), code]);
  }
  return sorted;
}
