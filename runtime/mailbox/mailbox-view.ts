import type { ActorAddress } from './address.ts';
import type { ListPosition, ParkedEntry } from './mailbox-admin.ts';

/** Where a message is. `active`: in its owner's hands. */
export type MessageState = 'waiting' | 'active' | 'delayed' | 'failed';

/** What of a mailbox is looked for: that it has such messages, or that its actor is parked. */
export type MailboxState = MessageState | 'parked';

/** Which mailboxes of a shard are looked for. */
export interface MailboxSearch {
  /** What the ids of their actors begin with; '' any. */
  readonly idPrefix: string;
  /** Undefined: those that have any messages, or are parked. */
  readonly state: MailboxState | undefined;
  /**
   * By how many such messages they have, without a state by how many wait or, where none does, are active; or by when the
   * first of them came.
   */
  readonly order: 'deepest' | 'oldest';
  /** So many are looked at, those that have something to do first. */
  readonly maxLookedAt: number;
}

/** A mailbox that was found. `at`: when its first message came, or less the deeper it is. Its name orders those alike. */
export interface FoundMailbox extends ListPosition {
  readonly address: ActorAddress;
}

export interface FoundMailboxes {
  readonly found: readonly FoundMailbox[];
  /** There are more than were looked at. */
  readonly isPartial: boolean;
}

/** What one mailbox holds: how many messages are where. */
export interface MailboxContents extends Readonly<Record<MessageState, number>> {
  /** When the first of those active and waiting was sent, milliseconds since the epoch; undefined: there is none. */
  readonly oldestAt: number | undefined;
  readonly parked: ParkedEntry | undefined;
}

/** A message where it lies. */
export interface StoredMessage {
  readonly jobId: string;
  readonly state: MessageState;
  /** Its name. */
  readonly message: string;
  /** The envelope, as JSON; of a large one the beginning. */
  readonly data: string;
  /** Of the whole envelope. */
  readonly bytes: number;
  /** When it was sent, milliseconds since the epoch. */
  readonly sentAt: number;
  /** How often an owner took it. */
  readonly starts: number;
  /** When a delayed one is due, or a failed one failed, milliseconds since the epoch. */
  readonly at?: number;
  /** Of a failed one. */
  readonly reason?: string;
  /** How often the handler of a failed one was tried. */
  readonly attempts?: number;
}

/** What operators see of mailboxes. Nothing of it walks through all there are. */
export interface MailboxView {
  /** How many actors of a shard have something to do by now. */
  ready(shard: number): Promise<number>;
  /** The first `limit` mailboxes of a shard behind a position. */
  find(
    shard: number,
    search: MailboxSearch,
    after: ListPosition | undefined,
    limit: number,
  ): Promise<FoundMailboxes>;
  contents(of: ActorAddress): Promise<MailboxContents>;
  /**
   * The first `limit` messages of a state, those first that are handled or due next or failed last; of each at most
   * `maxBytes` of its envelope.
   */
  messages(of: ActorAddress, state: MessageState, limit: number, maxBytes: number): Promise<StoredMessage[]>;
  /** One message, whole. */
  message(of: ActorAddress, jobId: string): Promise<StoredMessage | undefined>;
}
