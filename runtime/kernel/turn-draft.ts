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
}

export function draftOf(record: ActorRecord): TurnDraft {
  return { record, changed: false, events: [], replies: [] };
}

/** Messages remembered without an idempotency key: more than those of a turn that a crash may deliver again. */
const unkeyedKept = 32;
const keyedKept = 512;
const keyedRetentionMs = 24 * 3_600_000;

export function remember(draft: TurnDraft, message: AppliedMessage): TurnDraft {
  return changeRecord(draft, { applied: bounded([...draft.record.applied, message], message.at) });
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
