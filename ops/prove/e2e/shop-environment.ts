import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchPath } from '../testing/test-servers.ts';

export type Environment = Readonly<Record<string, string>>;

/** Any free ports, payments at once and without chance, no rate limit. */
export const calm: Environment = {
  PATH: searchPath,
  LOG_LEVEL: 'warn',
  HTTP_PORT: '0',
  CONSOLE_PORT: '0',
  PRODUCT_PORT: '0',
  CART_PORT: '0',
  INVENTORY_PORT: '0',
  PAYMENT_PORT: '0',
  ORDERS_PORT: '0',
  CHECKOUT_PORT: '0',
  PAYMENT_DELAY_MS: '0',
  PAYMENT_SUCCESS_RATE: '1',
  RATE_LIMIT_RPS: '0',
};

export function temporaryDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'trolley-e2e-'));
}

/** The port that a start told of, such as `✓ cart gRPC façade on :41233 (0.01 s)`. */
export function portOf(lines: readonly string[], what: string): number {
  for (const line of lines) {
    const port = new RegExp(`${what} on \\S*:([0-9]+)`).exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`no line tells where ${what} is:\n${lines.join('\n')}`);
}
