import type { ActorAddress } from './address.ts';
import type { Envelope, FailureNote, ParkNote, PostMortem } from './mailbox.ts';

/** A place in a list that begins with the oldest. */
export interface ListPosition {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Orders those of one time. */
  readonly name: string;
}

/** An actor that takes no messages until somebody releases it; `jobId`, if any, is first in its mailbox. */
export type ParkedEntry = ParkNote & {
  readonly address: ActorAddress;
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** Where a dead letter lies. */
export interface DeadLetterEntry {
  readonly address: ActorAddress;
  readonly jobId: string;
  /** When it failed for good, milliseconds since the epoch. */
  readonly at: number;
}

export interface StoredDeadLetter extends FailureNote {
  readonly at: number;
  /** When it was sent, milliseconds since the epoch. */
  readonly sentAt: number;
}

/** What a dead letter said, and what was found when it became one. */
export interface DeadMessage extends PostMortem {
  readonly envelope: Envelope;
}

/** How much waits, in the mailboxes of one shard or several. */
export interface MailboxLoad {
  /** Actors with messages, in hand or waiting. */
  readonly actors: number;
  /** Messages of all of them. */
  readonly messages: number;
  /** Messages of the actor that has most. */
  readonly deepest: number;
  /** Actors that are parked. */
  readonly parked: number;
}

/** What operators do with mailboxes; nodes and clients need none of it. Lists begin with the oldest. */
export interface MailboxAdmin {
  /** Of at most `limit` actors of a shard that have something to do by now, those that were to do it first; all parked ones. */
  load(shard: number, limit: number): Promise<MailboxLoad>;
  /** The first `limit` parked actors of a shard behind a position. */
  parked(shard: number, after: ListPosition | undefined, limit: number): Promise<ParkedEntry[]>;
  /** Why an actor is parked; undefined: it is not. */
  whyParked(actor: ActorAddress): Promise<ParkedEntry | undefined>;
  /**
   * Lets a parked actor go on: with the message that it failed at, or behind it, which makes a dead letter of it. One
   * that failed at no message just goes on.
   * Returns whether it was parked.
   */
  release(parked: ActorAddress, firstMessage: 'retry' | 'give-up'): Promise<boolean>;
  /** The first `limit` dead letters of a shard, or of an actor, behind a position. Some may be gone by now. */
  deadLetters(
    of: number | ActorAddress,
    after: ListPosition | undefined,
    limit: number,
  ): Promise<DeadLetterEntry[]>;
  deadLetter(of: ActorAddress, jobId: string): Promise<StoredDeadLetter | undefined>;
  openDeadLetter(of: ActorAddress, jobId: string): Promise<DeadMessage | undefined>;
  /**
   * Sends a dead letter again under its id, behind what waits, in one step. Whoever asked has long been answered, so
   * nobody is answered now. Returns whether it was there.
   * @throws ActorError `mailbox_full`
   */
  replay(of: ActorAddress, jobId: string): Promise<boolean>;
  /** Removes a dead letter. Returns whether it was there. */
  discard(of: ActorAddress, jobId: string): Promise<boolean>;
}

/** Names a dead letter in its cluster. */
export const deadLetterName = (address: ActorAddress, jobId: string) => `${address.id}:${jobId}`;

export function isBehind(entry: ListPosition, after: ListPosition | undefined): boolean {
  return after === undefined || byAge(entry, after) > 0;
}

/** The older first. */
export function byAge(one: ListPosition, other: ListPosition): number {
  if (one.at !== other.at) return one.at - other.at;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

/** A message as it is sent once nobody waits for its answer any more. */
export function withoutAsker(envelope: Envelope): Envelope {
  const { replyTo: _replyTo, deadline: _deadline, ...message } = envelope;
  return message;
}
