import type { OutboxEvent } from '../define/actor.ts';
import type { WireError } from '../define/errors.ts';
import type { ActorRecord, AppliedMessage, PendingEffect, StoredAnswer } from '../storage/state-store.ts';
import type { Delivery } from '../mailbox/mailbox.ts';
import type { Reply } from '../mailbox/replies.ts';
import { withApplied } from './applied-messages.ts';
import { isNear } from './near-asks.ts';

export interface AddressedReply {
  readonly inbox: string;
  readonly reply: Reply;
}

/** What a turn would make of an actor: nothing of it is real before it is written. */
export interface TurnDraft {
  readonly record: ActorRecord;
  /** Messages of this turn, oldest first: remembered with what it writes, if it writes. */
  readonly handled: readonly AppliedMessage[];
  readonly changed: boolean;
  /** Its handler lets it be written with the next one. */
  readonly mayWait: boolean;
  /** Nothing but the initial state is left. */
  readonly cleared: boolean;
  readonly events: readonly OutboxEvent[];
  readonly replies: readonly AddressedReply[];
}

/** `unwritten`: what an earlier turn made of the record is still to be written. */
export function draftOf(record: ActorRecord, unwritten = false): TurnDraft {
  return { record, handled: [], changed: unwritten, mayWait: false, cleared: false, events: [], replies: [] };
}

export function remember(draft: TurnDraft, message: AppliedMessage): TurnDraft {
  return { ...draft, changed: true, handled: [...draft.handled, message] };
}

/**
 * Remembers a message that changed nothing, if anything of the turn is written: answered with it and delivered
 * again after a crash, it would meet the state that later messages made, and might change that.
 */
export function pass(draft: TurnDraft, message: AppliedMessage): TurnDraft {
  return { ...draft, handled: [...draft.handled, { ...message, unchanging: true }] };
}

/** As it is to be written: once for the turn, since what is remembered is looked through for it. */
export function completed(draft: TurnDraft, now: number): TurnDraft {
  if (!draft.changed || draft.handled.length === 0) return draft;
  return changeRecord({ ...draft, handled: [] }, withApplied(draft.record, draft.handled, now));
}

/**
 * What need be known of messages that have ended: nothing of those that changed nothing, or that cannot come again,
 * since neither a mailbox nor anybody else knows their ids.
 */
export function withoutEnded(record: ActorRecord, ended: readonly Delivery[]): ActorRecord {
  const unknown = new Set(ended.filter(isUnknown).map(({ envelope }) => envelope.id));
  const isOver = ({ id, unchanging }: AppliedMessage) =>
    (unknown.size > 0 && unknown.has(id)) ||
    (unchanging === true && ended.some(({ envelope }) => envelope.id === id));
  return record.applied.some(isOver)
    ? { ...record, applied: record.applied.filter((one) => !isOver(one)) }
    : record;
}

const isUnknown = (delivery: Delivery) => isNear(delivery) && delivery.near.isUnnamed;

export function changeRecord(draft: TurnDraft, change: Partial<ActorRecord>): TurnDraft {
  return { ...draft, changed: true, record: { ...draft.record, ...change } };
}

/**
 * Back to the initial state. Who was applied without a key stays known for as long as the actor is in memory: in the
 * turn that clears, the message that began it all may be there once more, delivered again.
 */
export function clearRecord(draft: TurnDraft, initial: unknown): TurnDraft {
  const unkept = (one: AppliedMessage): AppliedMessage =>
    one.fingerprint === undefined ? { ...one, unchanging: true } : one;
  const applied = draft.record.applied.map(unkept);
  const handled = draft.handled.map(unkept);
  return { ...changeRecord(draft, { state: initial, effects: [], applied }), handled, cleared: true };
}

/** Whether it may be written with the next turn: then something comes back soon, and nobody is told of anything yet. */
export function isPostponable(
  { mayWait, cleared, events, replies, record }: TurnDraft,
  now: number,
): boolean {
  if (!mayWait) return false;
  const isQuiet = !cleared && events.length === 0 && replies.length === 0;
  const isDue = (one: PendingEffect) => one.reminder !== true && one.notBefore <= now;
  return isQuiet && record.effects.some(isDue);
}

/** Whether the record of a completed draft is no more than what a key has that nothing is stored for. */
export function isBlank({ cleared, events, record }: TurnDraft): boolean {
  const { applied, archive = [], effects, waiting } = record;
  const isEmpty = archive.length === 0 && effects.length === 0 && waiting.length === 0 && events.length === 0;
  return cleared && isEmpty && applied.every((one) => one.unchanging === true);
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

export const refusedWith = (error: WireError): StoredAnswer => ({ error });
