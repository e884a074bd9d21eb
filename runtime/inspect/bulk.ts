import { isActorError, toWireError, type WireError } from '../define/errors.ts';
import type { Page } from './page.ts';

export interface BulkOptions {
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What was done to a page of a list, or would be. */
export interface BulkResult<T> extends Page<T> {
  /** So many of the items it was done to; 0 where nothing was to be done. Those that were gone by then do not count. */
  readonly done: number;
  /** Those that it could not be done to: they are where they were. */
  readonly failed: readonly { readonly item: T; readonly error: WireError }[];
}

/**
 * One after the other: what belongs to one actor keeps its order.
 * @throws what is no refusal, as when a server is away: some of it may have been done
 */
export async function eachOfPage<T>(
  page: Page<T>,
  { dryRun = false }: BulkOptions = {},
  work: (item: T) => Promise<boolean>,
): Promise<BulkResult<T>> {
  const failed: { item: T; error: WireError }[] = [];
  let done = 0;
  if (dryRun) return { ...page, done, failed };
  for (const item of page.items) {
    try {
      if (await work(item)) done++;
    } catch (error) {
      // Of anything else it is unknown whether it was done.
      if (!isActorError(error)) throw error;
      failed.push({ item, error: toWireError(error) });
    }
  }
  return { ...page, done, failed };
}
