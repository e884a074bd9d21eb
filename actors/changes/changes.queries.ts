/** Something of a user in its newest version. */
export interface Changed<V> {
  readonly id: string;
  /** Grows with each change. */
  readonly version: number;
  readonly view: V;
}

export interface ChangesPage<V> {
  /** In the order of their last changes. */
  readonly changed: readonly Changed<V>[];
  /** From where to go on: whatever is changed from now on lies behind it, whenever it comes to be seen. */
  readonly next: string;
  /** Whether there are more by now. */
  readonly hasMore: boolean;
  /** Whether the position was one that this store has never come to, so that what it stands for is not known. */
  readonly isForeign: boolean;
}

/** What has changed of a user, from the store of record: nothing of it is ever missed, some of it comes again. */
export interface Changes<V> {
  /**
   * Those that were changed behind a position, each once and as it is now; without a position none, and the position of
   * now. A position is a text as `isChangePosition` takes it.
   */
  changedSince(userId: number, position: string | undefined): Promise<ChangesPage<V>>;
}

/**
 * The transaction behind which everything is, with 18 digits at most as PostgreSQL counts them. Between two pages: the
 * transaction and the id of the last row, and where to go on from after the last page.
 */
const position = /^(?:0|[1-9][0-9]{0,17})(?:~[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}~[0-9]{1,18})?$/;

export function isChangePosition(text: string): boolean {
  return position.test(text);
}
