import type { OutboxEvent } from '../define/actor.ts';
import type { WireError } from '../define/errors.ts';
import type { ActorRecord, AppliedMessage, StoredAnswer } from '../storage/state-store.ts';
import type { Reply } from '../cluster/replies.ts';

export interface AddressedReply {
  readonly inbox: string;
  readonly reply: Reply;
}

/** What a turn would make of an actor: nothing of it is real before it is written. */
export interface TurnDraft {
  readonly record: ActorRecord;
  readonly changed: boolean;
  /** Nothing but the initial state is left. */
  readonly cleared: boolean;
  readonly events: readonly OutboxEvent[];
  readonly replies: readonly AddressedReply[];
  /** Messages that changed nothing, before the first that does: to be remembered with that one. */
  readonly passed: readonly AppliedMessage[];
}

export function draftOf(record: ActorRecord): TurnDraft {
  return { record, changed: false, cleared: false, events: [], replies: [], passed: [] };
}

/** Messages remembered with their answers: more than those of a turn that a crash may deliver again. */
const unkeyedKept = 32;
/** So many more may be there before they are looked through: not with every message of a hot key. */
const unkeyedSlack = 16;
/** Redis writes its log once a second, so what it brings back when it was killed is not much older than that. */
const bringBackMs = 3_000;
/** Older ones are remembered by their id alone, and so many at most: a key that is hotter than that relies on keys. */
const idsKept = 512;
const keyedKept = 512;
const keyedRetentionMs = 24 * 3_600_000;

export function remember(draft: TurnDraft, message: AppliedMessage): TurnDraft {
  const applied = bounded([...draft.record.applied, ...draft.passed, message], message.at);
  return changeRecord({ ...draft, passed: [] }, { applied });
}

/**
 * Remembers a message that changed nothing, if anything of the turn is written: answered with it and delivered
 * again after a crash, it would meet the state that later messages made, and might change that.
 */
export function pass(draft: TurnDraft, message: AppliedMessage): TurnDraft {
  const passing: AppliedMessage = { ...message, passing: true };
  return draft.changed ? remember(draft, passing) : { ...draft, passed: [...draft.passed, passing] };
}

/** What need be known of messages that have ended: nothing of those that changed nothing. */
export function withoutPassing(record: ActorRecord, hasEnded: (messageId: string) => boolean): ActorRecord {
  if (!record.applied.some((one) => one.passing === true)) return record;
  return { ...record, applied: record.applied.filter((one) => one.passing !== true || !hasEnded(one.id)) };
}

export function changeRecord(draft: TurnDraft, change: Partial<ActorRecord>): TurnDraft {
  return { ...draft, changed: true, record: { ...draft.record, ...change } };
}

/**
 * Back to the initial state. Who was applied without a key stays known for as long as the actor is in memory: in the
 * turn that clears, the message that began it all may be there once more, delivered again.
 */
export function clearRecord(draft: TurnDraft, initial: unknown): TurnDraft {
  const applied = draft.record.applied.map((one): AppliedMessage =>
    one.fingerprint === undefined ? { ...one, passing: true } : one,
  );
  return { ...changeRecord(draft, { state: initial, effects: [], applied }), cleared: true };
}

/** Whether the record is no more than what a key has that nothing is stored for. */
export function isBlank({ cleared, events, record: { applied, effects, waiting } }: TurnDraft): boolean {
  const isEmpty = effects.length === 0 && waiting.length === 0 && events.length === 0;
  return cleared && isEmpty && applied.every((one) => one.passing === true);
}

export function withReply(
  draft: TurnDraft,
  inbox: string | undefined,
  id: string,
  answer: StoredAnswer,
): TurnDraft {
  if (inbox === undefined) return draft;
  return { ...draft, replies: [...draft.replies, { inbox, reply: { id, answer } }] };
}

export const refusal = (error: WireError): StoredAnswer => ({ error });

/** The message as it was applied before. Ids that one process made differ in their last character most often. */
export function appliedBefore({ applied }: ActorRecord, id: string): AppliedMessage | undefined {
  const last = id.charCodeAt(id.length - 1);
  return applied.find((one) => one.id.charCodeAt(one.id.length - 1) === last && one.id === id);
}

function bounded(applied: AppliedMessage[], now: number): AppliedMessage[] {
  const newest = applied.at(-1);
  if (newest !== undefined && isWhole(newest)) {
    const whole = countWhole(applied);
    if (whole > unkeyedKept && whole <= unkeyedKept + unkeyedSlack) return applied;
  }
  const keyed = applied.filter((one) => one.fingerprint !== undefined);
  const oldestKeyed = keyed[0];
  const expired = oldestKeyed !== undefined && oldestKeyed.at <= now - keyedRetentionMs;
  if (applied.length - keyed.length <= unkeyedKept && keyed.length <= keyedKept && !expired) return applied;

  const keptKeyed = new Set(keyed.filter((one) => one.at > now - keyedRetentionMs).slice(-keyedKept));
  let younger = applied.length - keyed.length;
  return applied.flatMap((one) => {
    if (one.fingerprint !== undefined) return keptKeyed.has(one) ? [one] : [];
    younger--;
    if (younger < unkeyedKept) return [one];
    if (younger >= idsKept || one.at <= now - bringBackMs) return [];
    return [isWhole(one) ? withoutAnswer(one) : one];
  });
}

/** Those whose answers were dropped are older than all whole ones, so only the young are looked at. */
function countWhole(applied: readonly AppliedMessage[]): number {
  let count = 0;
  for (let i = applied.length - 1; i >= 0; i--) {
    const one = applied[i];
    if (one === undefined || one.answerDropped === true) break;
    if (isWhole(one)) count++;
  }
  return count;
}

/** Remembered with its answer, and without a key. */
const isWhole = (one: AppliedMessage) => one.fingerprint === undefined && one.answerDropped !== true;

function withoutAnswer({ id, at }: AppliedMessage): AppliedMessage {
  return { id, at, answerDropped: true };
}
