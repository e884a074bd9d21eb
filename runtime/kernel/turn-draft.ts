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
  readonly events: readonly OutboxEvent[];
  readonly replies: readonly AddressedReply[];
  /** Messages that changed nothing, before the first that does: to be remembered with that one. */
  readonly passed: readonly AppliedMessage[];
}

export function draftOf(record: ActorRecord): TurnDraft {
  return { record, changed: false, events: [], replies: [], passed: [] };
}

/** Messages remembered without an idempotency key: more than those of a turn that a crash may deliver again. */
const unkeyedKept = 32;
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

/** What need be known of messages that are not delivered again: nothing of those that changed nothing. */
export function withoutPassing(record: ActorRecord): ActorRecord {
  if (!record.applied.some((one) => one.passing === true)) return record;
  return { ...record, applied: record.applied.filter((one) => one.passing !== true) };
}

export function changeRecord(draft: TurnDraft, change: Partial<ActorRecord>): TurnDraft {
  return { ...draft, changed: true, record: { ...draft.record, ...change } };
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

function bounded(applied: AppliedMessage[], now: number): AppliedMessage[] {
  const keyed = applied.filter((one) => one.fingerprint !== undefined);
  if (applied.length - keyed.length <= unkeyedKept && keyed.length <= keyedKept) {
    const oldest = keyed[0];
    if (oldest === undefined || oldest.at > now - keyedRetentionMs) return applied;
  }
  const unkeyed = applied.filter((one) => one.fingerprint === undefined);
  const kept = new Set([
    ...unkeyed.slice(-unkeyedKept),
    ...keyed.filter((one) => one.at > now - keyedRetentionMs).slice(-keyedKept),
  ]);
  return applied.filter((one) => kept.has(one));
}
