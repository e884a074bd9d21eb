import { ActorError, type RuntimeCode } from '@trolley/runtime';
import type { CartContract } from '../actors/cart/cart.contract.ts';
import type { CheckoutContract } from '../actors/checkout/checkout.contract.ts';
import type { OrderContract } from '../actors/order/order.contract.ts';
import type { GrpcStatusName, RpcCode, StatusOf } from '../actors/services/grpc/rpc-error.ts';

/*
 * The one table that says what each code means outside: those of the gateway itself, of the actors' contracts, of the
 * services and of the runtime below them. One that lacks a meaning does not compile.
 */

/** How a code looks over HTTP and gRPC, and how loud it is in the log. */
export interface ErrorMeaning {
  readonly http: number;
  readonly grpc: GrpcStatusName;
  readonly log: 'debug' | 'info' | 'warn' | 'error';
  /** Whether the message may be shown to a caller; else only the code and a general sentence. */
  readonly expose: boolean;
}

type Meant = (http: number, grpc: GrpcStatusName) => ErrorMeaning;
const refused: Meant = (http, grpc) => ({ http, grpc, log: 'debug', expose: true });
const passing: Meant = (http, grpc) => ({ http, grpc, log: 'warn', expose: true });

type RefusalOf<Contract> = Contract extends { readonly refusals: infer R } ? keyof R : never;
type ActorCode = RefusalOf<typeof CartContract | typeof CheckoutContract | typeof OrderContract>;

export const errorTable = {
  // What the caller got wrong.
  invalid_request: refused(400, 'INVALID_ARGUMENT'),
  invalid_quantity: refused(400, 'INVALID_ARGUMENT'),
  invalid_product_id: refused(400, 'INVALID_ARGUMENT'),
  invalid_name: refused(400, 'INVALID_ARGUMENT'),
  invalid_description: refused(400, 'INVALID_ARGUMENT'),
  invalid_price: refused(400, 'INVALID_ARGUMENT'),
  invalid_image_url: refused(400, 'INVALID_ARGUMENT'),
  invalid_stock: refused(400, 'INVALID_ARGUMENT'),
  invalid_order_id: refused(400, 'INVALID_ARGUMENT'),
  invalid_status: refused(400, 'INVALID_ARGUMENT'),
  invalid_page_token: refused(400, 'INVALID_ARGUMENT'),
  invalid_page_size: refused(400, 'INVALID_ARGUMENT'),
  invalid_shipping_address: refused(400, 'INVALID_ARGUMENT'),
  invalid_payment_method: refused(400, 'INVALID_ARGUMENT'),
  invalid_last_event_id: refused(400, 'INVALID_ARGUMENT'),
  invalid_idempotency_key: refused(400, 'INVALID_ARGUMENT'),
  missing_idempotency_key: refused(400, 'INVALID_ARGUMENT'),
  empty_cart: refused(400, 'FAILED_PRECONDITION'),
  unauthorized: refused(401, 'UNAUTHENTICATED'),
  forbidden: refused(403, 'PERMISSION_DENIED'),
  not_found: refused(404, 'NOT_FOUND'),
  method_not_allowed: refused(405, 'UNIMPLEMENTED'),
  request_timeout: refused(408, 'DEADLINE_EXCEEDED'),
  precondition_failed: refused(412, 'FAILED_PRECONDITION'),
  payload_too_large: refused(413, 'INVALID_ARGUMENT'),
  unsupported_media_type: refused(415, 'INVALID_ARGUMENT'),
  headers_too_large: refused(431, 'INVALID_ARGUMENT'),
  // What the rules of the shop refuse.
  conflict: refused(409, 'FAILED_PRECONDITION'),
  already_exists: refused(409, 'ALREADY_EXISTS'),
  insufficient_stock: refused(409, 'FAILED_PRECONDITION'),
  cart_full: refused(409, 'FAILED_PRECONDITION'),
  quantity_limit: refused(409, 'FAILED_PRECONDITION'),
  checkout_in_progress: refused(409, 'FAILED_PRECONDITION'),
  too_many_checkouts: refused(409, 'FAILED_PRECONDITION'),
  too_many_units: refused(409, 'FAILED_PRECONDITION'),
  idempotency_key_reused: refused(409, 'FAILED_PRECONDITION'),
  // It was done, and asking again does not help: unlike `aborted`, which may pass.
  answer_dropped: refused(409, 'ABORTED'),
  unimplemented: refused(501, 'UNIMPLEMENTED'),
  // What may pass.
  rate_limited: { ...passing(429, 'RESOURCE_EXHAUSTED'), log: 'debug' },
  too_many_streams: { ...passing(429, 'RESOURCE_EXHAUSTED'), log: 'debug' },
  mailbox_full: passing(429, 'RESOURCE_EXHAUSTED'),
  unavailable: passing(503, 'UNAVAILABLE'),
  deadline_exceeded: passing(504, 'DEADLINE_EXCEEDED'),
  aborted: passing(409, 'ABORTED'),
  // What should not happen.
  unknown_actor: { ...refused(500, 'INTERNAL'), log: 'error', expose: false },
  unknown_message: { ...refused(500, 'INTERNAL'), log: 'error', expose: false },
  internal: { ...refused(500, 'INTERNAL'), log: 'error', expose: false },
} as const satisfies Record<string, ErrorMeaning> & Record<RuntimeCode | RpcCode | ActorCode, ErrorMeaning>;

export type ErrorCode = keyof typeof errorTable;

/**
 * What a code means of which this process has not heard: a newer node's handler refused by a rule that is not known
 * here. So it is what the other rules of the shop are, a conflict that trying again does not help. As a 500 it would
 * be taken for an outage, and be tried for ever.
 */
const unknownRefusal = refused(409, 'FAILED_PRECONDITION');

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

export function meaningOf(code: string): ErrorMeaning {
  return isErrorCode(code) ? errorTable[code] : unknownRefusal;
}

/** The status that the façades answer a code with. */
export const grpcStatusOf: StatusOf = (code) => meaningOf(code).grpc;

/** `ActorError` itself, of which the compiler takes no code that is not in the table. */
export const ShopError: new (
  code: ErrorCode,
  ...rest: ConstructorParameters<typeof ActorError> extends [string, ...infer Rest] ? Rest : never
) => ActorError = ActorError;
