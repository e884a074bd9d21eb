/** What an open page asks again and again. */
export interface Poll {
  /** Below `/api/`, or from the root. */
  readonly path: string;
  readonly everyMs: number;
}

const usual = 3_000;

/** One tab open on each page, as `ops/console/page/pages/` polls; the course of one checkout and one actor besides. */
export const polls: readonly Poll[] = [
  { path: 'overview', everyMs: 5_000 },
  { path: 'cluster', everyMs: usual },
  { path: 'actors', everyMs: usual },
  { path: 'actor', everyMs: usual },
  { path: 'mailboxes', everyMs: usual },
  { path: 'dead-letters', everyMs: 5_000 },
  { path: 'parked', everyMs: 5_000 },
  { path: 'saga-machines', everyMs: 30_000 },
  { path: 'sagas', everyMs: usual },
  { path: 'sagas/find', everyMs: usual },
  { path: 'saga', everyMs: usual },
  { path: 'sagas/stuck', everyMs: usual },
  { path: 'outbox', everyMs: usual },
  { path: 'outbox/rows', everyMs: usual },
  { path: 'events', everyMs: 5_000 },
  { path: 'events/lag', everyMs: usual },
  { path: 'dead-events', everyMs: 5_000 },
  { path: 'audit', everyMs: 10_000 },
];

/** What the board is told to keep to. */
export const boardPollMs = 5_000;

/** Pages whose polls are not those of a page that was just opened: one of these is open, not all. */
export const opened = ['actor', 'sagas', 'sagas/find', 'saga'];
