import type { OutboxEvent } from '../define/actor.ts';
import { versionOf, type StateStore, type StateWrite, type StoredActor } from './state-store.ts';

/** An event as it left with the state of an actor. */
export interface PublishedEvent extends OutboxEvent {
  readonly actorKey: string;
}

export interface MemoryStateStoreFaults {
  /** Throws or rejects: the write did not happen. */
  beforeWrite?: (write: StateWrite) => void | Promise<void>;
  /** Throws or rejects: the write did happen, and its caller does not learn of it. */
  afterWrite?: (write: StateWrite) => void | Promise<void>;
  /** Throws or rejects: the store can't be read. */
  beforeLoad?: (key: string) => void | Promise<void>;
}

/** A store for tests: nothing is shared by reference, and it fails where a test wants it to. */
export class MemoryStateStore implements StateStore {
  /** Events of all writes, in order. */
  readonly published: PublishedEvent[] = [];
  readonly faults: MemoryStateStoreFaults = {};
  /** Writes that were stored. */
  writes = 0;
  readonly #actors = new Map<
    string,
    { readonly version: number; readonly json: string; readonly writtenAt: number }
  >();

  async load(key: string): Promise<StoredActor | undefined> {
    await this.faults.beforeLoad?.(key);
    const stored = this.#actors.get(key);
    if (stored === undefined) return undefined;
    return { version: stored.version, record: JSON.parse(stored.json) as StoredActor['record'] };
  }

  async write(write: StateWrite): Promise<boolean> {
    const json = JSON.stringify(write.record);
    const events = JSON.stringify(write.events);
    await this.faults.beforeWrite?.(write);
    const version = this.#actors.get(write.key)?.version ?? 0;
    if (version !== write.expectedVersion) return false;
    if (write.removes === true) this.#actors.delete(write.key);
    else this.#actors.set(write.key, { version: versionOf(write), json, writtenAt: write.now });
    this.writes += 1;
    for (const event of JSON.parse(events) as OutboxEvent[]) {
      this.published.push({ ...event, actorKey: write.key });
    }
    await this.faults.afterWrite?.(write);
    return true;
  }

  async unfinished(dueBefore: number, limit: number, writtenAfter = Infinity): Promise<string[]> {
    const due = [...this.#actors].flatMap(([key, { json, writtenAt }]) => {
      const [first] = (JSON.parse(json) as StoredActor['record']).effects;
      if (first === undefined) return [];
      return first.notBefore < dueBefore || writtenAt > writtenAfter ? [{ key, at: first.notBefore }] : [];
    });
    due.sort((one, other) => one.at - other.at);
    return due.slice(0, limit).map(({ key }) => key);
  }

  keys(): string[] {
    return [...this.#actors.keys()];
  }
}
