/** What an open page asks again and again. */
export interface Poll {
  /** Below `/api/`. */
  readonly path: string;
  readonly everyMs: number;
}

/** Where a page does not say otherwise, and of the board. */
export const usualMs = 5_000;

const others: Readonly<Record<string, number>> = { actor: 3_000, audit: 10_000, 'saga-machines': 30_000 };

/** As `ops/console/page/pages/` polls. */
export const polls: readonly Poll[] = [
  'overview',
  'cluster',
  'actors',
  'actor',
  'mailboxes',
  'dead-letters',
  'parked',
  'saga-machines',
  'sagas',
  'sagas/find',
  'saga',
  'sagas/stuck',
  'outbox',
  'outbox/rows',
  'events',
  'events/lag',
  'dead-events',
  'audit',
].map((path) => ({ path, everyMs: others[path] ?? usualMs }));

/** Of these, what a page asks only once somebody has chosen something on it. */
export const ofOne = ['actor', 'sagas', 'sagas/find', 'saga'];
