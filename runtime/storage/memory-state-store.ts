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

interface StoredJson {
  readonly version: number;
  readonly json: string;
  /** Undefined: none. */
  readonly archive: string | undefined;
  readonly writtenAt: number;
}

/** A store for tests: nothing is shared by reference, and it fails where a test wants it to. */
export class MemoryStateStore implements StateStore {
  /** Events of all writes, in order. */
  readonly published: PublishedEvent[] = [];
  readonly faults: MemoryStateStoreFaults = {};
  /** Writes that were stored. */
  writes = 0;
  readonly #actors = new Map<string, StoredJson>();

  async load(key: string): Promise<StoredActor | undefined> {
    await this.faults.beforeLoad?.(key);
    const stored = this.#actors.get(key);
    if (stored === undefined) return undefined;
    const record = JSON.parse(stored.json) as StoredActor['record'];
    const { version, writtenAt: updatedAt } = stored;
    if (stored.archive === undefined) return { version, updatedAt, record };
    const archive = JSON.parse(stored.archive) as NonNullable<typeof record.archive>;
    return { version, updatedAt, record: { ...record, archive } };
  }

  async write(write: StateWrite): Promise<boolean> {
    const { archive: given, ...rest } = write.record;
    const json = JSON.stringify(rest);
    const givenJson = given === undefined ? undefined : JSON.stringify(given);
    const events = JSON.stringify(write.events);
    await this.faults.beforeWrite?.(write);
    const stored = this.#actors.get(write.key);
    const version = stored?.version ?? 0;
    if (version !== write.expectedVersion) return false;
    if (write.removes === true) this.#actors.delete(write.key);
    else {
      const archive = write.keepsArchive === true ? stored?.archive : givenJson;
      this.#actors.set(write.key, { version: versionOf(write), json, archive, writtenAt: write.now });
    }
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
