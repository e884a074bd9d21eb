import { ActorError, type RuntimeCode } from '@trolley/runtime';

/*
 * What services answer with when they do not answer, and which gRPC status stands for it. The exact code travels
 * beside the status.
 */

export type GrpcStatusName =
  | 'INVALID_ARGUMENT'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL';

/** The gRPC status of each code of the services, and of the runtime below them. */
export const rpcStatuses = {
  invalid_request: 'INVALID_ARGUMENT',
  invalid_quantity: 'INVALID_ARGUMENT',
  invalid_product_id: 'INVALID_ARGUMENT',
  invalid_page_token: 'INVALID_ARGUMENT',
  invalid_page_size: 'INVALID_ARGUMENT',
  invalid_payment_method: 'INVALID_ARGUMENT',
  payload_too_large: 'INVALID_ARGUMENT',
  unauthorized: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  already_exists: 'ALREADY_EXISTS',
  conflict: 'FAILED_PRECONDITION',
  insufficient_stock: 'FAILED_PRECONDITION',
  idempotency_key_reused: 'FAILED_PRECONDITION',
  aborted: 'ABORTED',
  // Not a refusal: it was done.
  answer_dropped: 'ABORTED',
  mailbox_full: 'RESOURCE_EXHAUSTED',
  unavailable: 'UNAVAILABLE',
  deadline_exceeded: 'DEADLINE_EXCEEDED',
  unimplemented: 'UNIMPLEMENTED',
  unknown_actor: 'INTERNAL',
  unknown_message: 'INTERNAL',
  internal: 'INTERNAL',
} as const satisfies Record<string, GrpcStatusName> & Record<RuntimeCode, GrpcStatusName>;

export type RpcCode = keyof typeof rpcStatuses;

/** The status that a code is served with. */
export type StatusOf = (code: string) => GrpcStatusName;

/** A code that is not in the table is a rule of an actor or of a newer program: a refusal that stands. */
export const rpcStatusOf: StatusOf = (code) => (isRpcCode(code) ? rpcStatuses[code] : 'FAILED_PRECONDITION');

function isRpcCode(code: string): code is RpcCode {
  return Object.hasOwn(rpcStatuses, code);
}

const refusals: ReadonlySet<GrpcStatusName> = new Set([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
] as const);

/** Whether a status says that the call itself is wrong, so that it did nothing and never will. */
export function isRefusalStatus(status: GrpcStatusName): boolean {
  return refusals.has(status);
}

/** Whether a code is one of the services' that says so. Of one that only a newer program knows, nobody can tell. */
export function isServiceRefusal(code: string): boolean {
  return isRpcCode(code) && isRefusalStatus(rpcStatuses[code]);
}

/** `ActorError` itself, of which the compiler takes no code that is not in the table. */
export const RpcError: new (
  code: RpcCode,
  ...rest: ConstructorParameters<typeof ActorError> extends [string, ...infer Rest] ? Rest : never
) => ActorError = ActorError;
