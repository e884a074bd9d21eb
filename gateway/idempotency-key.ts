import type { IncomingMessage } from 'node:http';
import { ShopError } from './error-table.ts';

const header = 'idempotency-key';

/** Of a request over HTTP. `headersDistinct` would go through all of its headers, also of who sends no key. */
export function idempotencyKeyOf({ headers, rawHeaders }: IncomingMessage): string | undefined {
  if (headers[header] === undefined) return undefined;
  const values: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === header.length && name.toLowerCase() === header) values.push(rawHeaders[i + 1] ?? '');
  }
  return idempotencyKeyFrom(values);
}

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
