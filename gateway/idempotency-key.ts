import { ShopError } from './error-table.ts';

/** Checks the values of the header, or gRPC metadata, `Idempotency-Key`. None is fine, several are not. */
export function idempotencyKeyFrom(given: readonly string[] | undefined): string | undefined {
  if (given === undefined || given.length === 0) return undefined;
  const [key = ''] = given;
  if (given.length === 1 && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new ShopError(
    'invalid_idempotency_key',
    'Idempotency-Key: one value of 1 to 255 printable characters',
  );
}
