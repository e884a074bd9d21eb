import type { OutboxEvent } from '../define/actor.ts';
import type { WireError } from '../define/errors.ts';
import { reasonOf } from '../observe/reason.ts';

/** What is stored of an actor: its own state, and what the runtime must not forget about it. */
export interface ActorRecord {
  readonly state: unknown;
  /** The version of the definition that wrote the state; absent for version 1. */
  readonly schema?: number;
  /** Messages applied, oldest first, bounded; what makes a redelivery harmless. */
  readonly applied: readonly AppliedMessage[];
  /** Older ones that came with a key, oldest first. Large, and seldom another one: so stores keep it apart. */
  readonly archive?: readonly ArchivePage[];
  /** Effects wanted and not yet settled, and reminders to come; the earliest due first. */
  readonly effects: readonly PendingEffect[];
  /** Callers whose answer was deferred. */
  readonly waiting: readonly WaitingCaller[];
}

export interface AppliedMessage {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The answer given; absent while it is deferred, and for a message without output. */
  readonly answer?: StoredAnswer;
  /** Remembered without its answer: it is too long ago for anyone to wait, but not for Redis to bring it back. */
  readonly answerDropped?: true;
  /** Present when the caller gave an idempotency key: what the message was, to tell reuse from a retry. */
  readonly fingerprint?: string;
  /** The fingerprint with the input's keys sorted, where that is another one. */
  readonly canonical?: string;
  /** It changed nothing; known only so that, delivered again after a later message, it still changes nothing. */
  readonly unchanging?: true;
}

/** Messages that were applied some while ago. */
export interface ArchivePage {
  /** When the youngest was applied, milliseconds since the epoch. */
  readonly at: number;
  readonly ids: readonly string[];
  /** `AppliedMessage[]` in the order of the ids, as JSON, deflated, in base64; absent once dropped to save room. */
  readonly messages?: string;
}

export type StoredAnswer = { readonly ok: unknown } | { readonly error: WireError };

export interface PendingEffect {
  readonly id: string;
  /** Distinguishes an effect from a replaced or cancelled one of the same id. */
  readonly run: string;
  /** Of the effect, or of the message that a reminder brings. */
  readonly name: string;
  readonly input: unknown;
  /** A message of the actor to itself, due at `notBefore`. */
  readonly reminder?: true;
  /** Not before this time, milliseconds since the epoch. */
  readonly notBefore: number;
  /**
   * How long that was away when it was written, which is the longest that it can mean: the clock may have been set
   * back since. Absent in what an earlier release stored.
   */
  readonly delayMs?: number;
  readonly requestId?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface WaitingCaller {
  readonly messageId: string;
  readonly message: string;
  readonly replyTo: string;
  readonly tag?: unknown;
}

export interface StoredActor {
  readonly record: ActorRecord;
  /** As the first write says, and one more with each. */
  readonly version: number;
  /** The `now` of the last write. */
  readonly updatedAt?: number;
}

export interface StateWrite {
  readonly key: string;
  /** The version that this write replaces; 0 where nothing is stored. */
  readonly expectedVersion: number;
  /**
   * The version of the first write: above all that the key had before it was removed, or who slept meanwhile would
   * take the new record for the one that it knows. Default: 1.
   */
  readonly firstVersion?: number;
  readonly record: ActorRecord;
  /** The archive of the record is the one that is stored, and need not be written again. */
  readonly keepsArchive?: true;
  /** Nothing is stored any more, and `record` does not count. */
  readonly removes?: true;
  /** Stored in the same transaction. */
  readonly events: readonly OutboxEvent[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The version that a write makes. */
export function versionOf({ expectedVersion, firstVersion = 1 }: StateWrite): number {
  return expectedVersion === 0 ? firstVersion : expectedVersion + 1;
}

/** Something is stored that makes no record: reading it again does not help. */
export class CorruptRecordError extends Error {
  /** The version of the definition that wrote it, as in a record: a newer one may have a shape that only it decodes. */
  readonly schema: number | undefined;

  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly schema?: number | undefined } = {},
  ) {
    super(message, options);
    this.schema = options.schema;
  }
}

/** The parts of a record as a store keeps them. Each is decoded by its function, which throws where that fails. */
export interface RecordParts {
  /** What is neither state nor archive. */
  runtime(): Omit<ActorRecord, 'state' | 'archive'>;
  /** Undefined where there is none. */
  archive(): readonly ArchivePage[] | undefined;
  state(): unknown;
}

/**
 * The record that is stored under the key.
 * @throws CorruptRecordError when a part of it cannot be decoded
 */
export function decodeRecord(key: string, parts: RecordParts): ActorRecord {
  let schema: number | undefined;
  try {
    const runtime = parts.runtime();
    schema = runtime.schema;
    const archive = parts.archive();
    return { ...runtime, ...(archive === undefined ? {} : { archive }), state: parts.state() };
  } catch (cause) {
    const message = `${key}: what is stored cannot be decoded: ${reasonOf(cause)}`;
    throw new CorruptRecordError(message, { cause, schema });
  }
}

/**
 * The store of record of one actor type.
 *
 * A write is a compare-and-set on the version: this is what stops a node that lost its lease, however long it
 * was frozen. Adapters group the writes of many actors into one transaction and tell each caller of its own.
 */
export interface StateStore {
  /** @throws CorruptRecordError for what is no record; anything else when the store cannot be read now */
  load(key: string): Promise<StoredActor | undefined>;
  /**
   * Resolves once durable: `true` when written, `false` when another version is stored and nothing was changed.
   * @throws ActorError `internal` when the store will never take this state, which changed nothing; anything
   *   else when the outcome is unknown: the caller must load again before it believes anything
   */
  write(write: StateWrite): Promise<boolean>;
  /**
   * Keys of actors whose first effect or reminder was due before then (milliseconds since the epoch) and is still
   * in the record, longest due first. What Redis has forgotten is found so. With `writtenAfter` also those with any
   * effect or reminder that were written after then: when the clock has been set back, they wait for what is over.
   */
  unfinished(dueBefore: number, limit: number, writtenAfter?: number): Promise<readonly string[]>;
}
