import type { StoredEvent } from './checkout-facts.ts';

/** What of the event log a group of consumers has not handled yet. */
export interface EventGap {
  /** When it was read, before the stores were: milliseconds since the epoch. */
  readonly readAt: number;
  readonly count: number;
  /** Of which checkouts; undefined: there are too many, or the log does not tell. */
  readonly checkouts: ReadonlySet<string> | undefined;
}

/** Undefined: the log could not be read. */
export interface EventGaps {
  readonly orders: EventGap | undefined;
  readonly carts: EventGap | undefined;
}

export const unknownGaps: EventGaps = { orders: undefined, carts: undefined };

/** An event is handled within a second of being sent. */
const handlingMs = 60_000;
/** How far the clocks of those who read and write may be apart. */
const clockMarginMs = 10_000;

/** Whether the event still comes to the group, or came to it only since the stores were read. */
export function isOnItsWay(
  checkoutId: string,
  { processedAt }: Pick<StoredEvent, 'processedAt'>,
  gap: EventGap | undefined,
  asOf: number,
): boolean {
  if (processedAt === undefined) return true;
  if (gap === undefined) return processedAt > asOf - handlingMs;
  if (processedAt > gap.readAt - clockMarginMs) return true;
  return gap.count > 0 && (gap.checkouts === undefined || gap.checkouts.has(checkoutId));
}
