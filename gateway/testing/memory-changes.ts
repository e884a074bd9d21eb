import type {
  ChangedThing,
  ChangeSubscriber,
  ChangePublisher,
} from '../../actors/changes/change-notices.contract.ts';
import type { Changed, Changes, ChangesPage } from '../../actors/changes/changes.queries.ts';

interface Row<V> extends Changed<V> {
  readonly userId: number;
  readonly at: number;
}

/** Changes in memory; positions are the numbers of changes. */
export class MemoryChanges<V> implements Changes<V> {
  readonly #rows = new Map<string, Row<V>>();
  readonly #pageSize: number;
  #last = 0;
  /** What `changedSince` rejects with, while it is set. */
  failure: Error | undefined;

  constructor(pageSize = 100) {
    this.#pageSize = pageSize;
  }

  put(userId: number, id: string, view: V): void {
    const version = (this.#rows.get(id)?.version ?? 0) + 1;
    this.#rows.set(id, { userId, id, view, version, at: (this.#last += 1) });
  }

  async changedSince(userId: number, position = String(this.#last)): Promise<ChangesPage<V>> {
    if (this.failure !== undefined) throw this.failure;
    const all = [...this.#rows.values()]
      .filter((row) => row.userId === userId && row.at > Number(position))
      .sort((one, other) => one.at - other.at);
    const page = all.slice(0, this.#pageSize);
    const hasMore = all.length > page.length;
    const next = String(hasMore ? page.at(-1)?.at : this.#last);
    const changed = page.map(({ id, version, view }) => ({ id, version, view }));
    return { changed, next, hasMore, isForeign: Number(position) > this.#last };
  }
}

export class MemoryNotices implements ChangePublisher, ChangeSubscriber {
  readonly #followers = new Map<number, Set<(thing?: ChangedThing) => void>>();

  publish(userId: number, thing?: ChangedThing): void {
    for (const heard of this.#followers.get(userId) ?? []) heard(thing);
  }

  subscribe(userId: number, heard: (thing?: ChangedThing) => void): () => void {
    const those = this.#followers.get(userId) ?? new Set();
    this.#followers.set(userId, those.add(heard));
    return () => {
      if (those.delete(heard) && those.size === 0) this.#followers.delete(userId);
    };
  }

  /** Users who are followed. */
  get followed(): number[] {
    return [...this.#followers.keys()];
  }
}
