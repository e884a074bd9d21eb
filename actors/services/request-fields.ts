import { type RpcCode, RpcError } from './grpc/rpc-error.ts';

/** Fields that more than one service reads. Each throws the INVALID_ARGUMENT code that is named. */

/** A positive number that a double holds exactly. Throws `invalid_product_id`. */
export function parseProductId(id: bigint): number {
  if (id <= 0n || id > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RpcError('invalid_product_id', `a product id is a positive integer: ${id.toString()}`);
  }
  return Number(id);
}

// Ids are made by the callers; all that is asked of them is that they can stand in a log line.
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Throws `invalid_request`. */
export function parseCheckoutId(id: string): string {
  return parseId('checkout_id', id);
}

/** Throws `invalid_request`. UUIDs are lower-cased, as they are made here. */
export function parseReservationId(id: string): string {
  return parseId('reservation_id', id).toLowerCase();
}

function parseId(field: string, id: string): string {
  if (!idPattern.test(id)) {
    throw new RpcError('invalid_request', `${field} must be 1 to 128 letters, digits, or any of . _ : -`);
  }
  return id;
}

/** Throws `code` when `text` is longer than `maxLength`. */
export function parseText(field: string, text: string, maxLength: number, code: RpcCode = 'invalid_request') {
  if (text.length > maxLength) {
    throw new RpcError(code, `${field} must be at most ${maxLength} characters long`);
  }
  return text;
}
