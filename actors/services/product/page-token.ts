import { createHash } from 'node:crypto';
import { RpcError } from '../grpc/rpc-error.ts';

/** The token of the page that follows the product `afterId` in the answer to `query`. */
export function pageTokenAfter(afterId: number, query: string): string {
  return Buffer.from(JSON.stringify([afterId, markOf(query)])).toString('base64url');
}

/** Short, however long the query: a token must pass wherever a query does. */
function markOf(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 16);
}

/**
 * The id that a page starts after; 0 for the first page, whose token is empty. Throws
 * `invalid_page_token` for a token that is not of ours or belongs to another query.
 */
export function parsePageToken(token: string, query: string): number {
  if (token === '') return 0;
  const afterId = readAfterId(token, query);
  if (afterId === undefined) {
    throw new RpcError('invalid_page_token', 'the page token is not one of an answer to this query');
  }
  return afterId;
}

function readAfterId(token: string, query: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (!Array.isArray(parsed) || parsed.length !== 2 || parsed[1] !== markOf(query)) return undefined;
    const afterId: unknown = parsed[0];
    return typeof afterId === 'number' && Number.isSafeInteger(afterId) && afterId > 0 ? afterId : undefined;
  } catch {
    return undefined; // Not JSON: not ours.
  }
}
