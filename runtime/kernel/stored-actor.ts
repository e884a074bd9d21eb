import type { AnyActor } from '../define/actor.ts';
import type { Clock } from '../define/clock.ts';
import { isActorError } from '../define/errors.ts';
import { SchemaError } from '../define/schema.ts';
import { reasonOf } from '../observe/reason.ts';
import {
  CorruptRecordError,
  versionOf,
  type ActorRecord,
  type StateStore,
  type StateWrite,
} from '../storage/state-store.ts';
import { checkVersion, recordOf } from './stored-record.ts';
import { isBlank, type TurnDraft } from './turn-draft.ts';

/** An actor type as a node hosts it. */
export interface HostedActor {
  readonly actor: AnyActor;
  readonly store: StateStore;
}

/** The store holds another version than the one that this node knows. */
export class StaleError extends Error {}

/** The store will never take this state: an unknown outcome it is not. */
export class RefusedError extends Error {}

/** The store cannot be read, so there was no turn. */
export class UnreadableError extends Error {}

/** This version makes no state of what is stored, or no first one: to read it again does not help. */
export class UnparsableError extends Error {}

/** Another activation takes the actor's place, here or elsewhere: what comes of this one no longer counts. */
export class AbandonedError extends Error {}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Loaded {
  readonly record: ActorRecord;
  readonly version: number;
  /** When it was written, milliseconds since the epoch; undefined where nothing is stored, or its store cannot tell. */
  readonly updatedAt: number | undefined;
}

/** One actor's state as it is stored, kept in memory between turns: loaded once, written with compare-and-set. */
export class StoredActor {
  readonly #hosted: HostedActor;
  readonly #key: string;
  readonly #clock: Clock;
  #loaded: Loaded | undefined;
  /** The highest version that was written here: also a clock that stands still gives no version twice. */
  #highest = 0;
  #isUnwritten = false;
  /** Whether the record is taken for that of a key that nothing is stored for: only before the store was asked at all. */
  #assumption: 'possible' | 'made' | 'over' = 'possible';
  /** The state that is stored, while more is known. */
  #behind: unknown;

  constructor(hosted: HostedActor, key: string, clock: Clock) {
    this.#hosted = hosted;
    this.#key = key;
    this.#clock = clock;
  }

  /** What is known of the stored record, without asking the store. */
  get known(): ActorRecord | undefined {
    return this.isAssumed ? undefined : this.#loaded?.record;
  }

  /** Whether the store was neither read nor written yet. */
  get mayBeAssumed(): boolean {
    return this.#assumption === 'possible';
  }

  /** Whether the record is only assumed: nobody may hear of what follows from it before a write has confirmed it. */
  get isAssumed(): boolean {
    return this.#assumption === 'made';
  }

  /** Whether what is known is more than what is stored. */
  get isUnwritten(): boolean {
    return this.#isUnwritten;
  }

  /** The state as it is stored, or would be made where nothing is. */
  get storedState(): unknown {
    return this.#isUnwritten ? this.#behind : this.#loaded?.record.state;
  }

  /** 0 where nothing is stored. */
  get version(): number {
    return this.#loaded?.version ?? 0;
  }

  /** When that was written, milliseconds since the epoch. */
  get updatedAt(): number | undefined {
    return this.#loaded?.updatedAt;
  }

  /**
   * What is known, or else what the store has.
   * @throws UnreadableError, UnparsableError
   */
  load(): ActorRecord | Promise<ActorRecord> {
    return this.#loaded === undefined ? this.#read() : this.#loaded.record;
  }

  /**
   * Takes it that nothing is stored, until `write` confirms it or `forget` drops it.
   * @throws whatever `initial` throws
   */
  assumeNew(): ActorRecord {
    const record = recordOf(this.#hosted.actor, this.#key, this.#clock.now());
    this.#loaded = { record, version: 0, updatedAt: undefined };
    this.#assumption = 'made';
    return record;
  }

  async #read(): Promise<ActorRecord> {
    this.#assumption = 'over';
    const { actor, store } = this.#hosted;
    const stored = await store.load(this.#key).catch((cause: unknown) => {
      if (cause instanceof CorruptRecordError) {
        checkVersion(actor, this.#key, cause);
        throw new UnparsableError(cause.message, { cause });
      }
      throw new UnreadableError(`the store cannot be read: ${String(cause)}`, { cause });
    });
    if (stored !== undefined) checkVersion(actor, this.#key, stored.record);
    const record = this.#parsed(actor, stored?.record);
    this.#loaded = { record, version: stored?.version ?? 0, updatedAt: stored?.updatedAt };
    return record;
  }

  #parsed(actor: AnyActor, stored: ActorRecord | undefined): ActorRecord {
    try {
      return recordOf(actor, this.#key, this.#clock.now(), stored);
    } catch (cause) {
      const problem =
        cause instanceof SchemaError
          ? `the stored state is not what its schema says: ${cause.message}`
          : `${stored === undefined ? 'initial' : 'migrate'} failed: ${reasonOf(cause)}`;
      throw new UnparsableError(problem, { cause });
    }
  }

  /** Keeps what a turn made in memory alone, to be written with what the next one makes. */
  postpone({ record }: TurnDraft): void {
    this.#behind = this.storedState;
    this.#loaded = { record, version: this.version, updatedAt: this.updatedAt };
    this.#isUnwritten = true;
  }

  /**
   * Returns whether the store was told: of nothing where there was nothing, it need not be.
   * @throws StaleError, RefusedError; anything else when it is unknown whether it was written
   */
  async write(draft: TurnDraft): Promise<boolean> {
    const { version } = this;
    const { record, events } = draft;
    const now = this.#clock.now();
    const isGone = isBlank(draft);
    if (isGone && version === 0) {
      this.#loaded = { record, version, updatedAt: undefined };
      this.#isUnwritten = false;
      return false;
    }
    const firstVersion = Math.max(now * 1_000, this.#highest) + 1;
    const key = this.#key;
    const write: Mutable<StateWrite> = { key, expectedVersion: version, firstVersion, record, events, now };
    if (version > 0 && record.archive === this.#loaded?.record.archive) write.keepsArchive = true;
    if (isGone) write.removes = true;
    let written: boolean;
    try {
      written = await this.#hosted.store.write(write);
    } catch (cause) {
      // Anything else may have happened all the same.
      if (!isActorError(cause) || cause.code !== 'internal') throw cause;
      throw new RefusedError(`the store refused the state: ${cause.message}`, { cause });
    }
    if (!written) throw new StaleError(`${this.#key}: version ${version} is not the stored one`);
    this.#loaded = { record, version: isGone ? 0 : versionOf(write), updatedAt: isGone ? undefined : now };
    this.#highest = versionOf(write);
    this.#isUnwritten = false;
    this.#assumption = 'over';
    return true;
  }

  /** Only the store can tell, from now on. */
  forget(): void {
    this.#loaded = undefined;
    this.#isUnwritten = false;
    this.#assumption = 'over';
  }

  /** Drops from memory what need not be known of the stored record. */
  trim(trimmed: (record: ActorRecord) => ActorRecord): void {
    const loaded = this.#loaded;
    if (loaded === undefined) return;
    const record = trimmed(loaded.record);
    if (record !== loaded.record) this.#loaded = { ...loaded, record };
  }
}
