import type { Excerpt } from '../observe/excerpt.ts';
import type { MessageState } from '../mailbox/mailbox-view.ts';

/** How much lies in the mailbox of an actor. */
export interface MailboxReport {
  readonly type: string;
  readonly key: string;
  readonly shard: number;
  /** The node that holds its shard; absent: none does. */
  readonly node?: string;
  readonly waiting: number;
  /** In the hands of its node. */
  readonly active: number;
  /** For later. */
  readonly delayed: number;
  /** Dead letters. */
  readonly failed: number;
  /** When the first of those active and waiting was sent, milliseconds since the epoch. */
  readonly oldestAt?: number;
  /** Present while the actor is parked. */
  readonly parked?: {
    /** The message that it failed at. Absent: it failed at its state, an effect or a reminder. */
    readonly message?: string;
    readonly reason: string;
    readonly attempts: number;
    /** Milliseconds since the epoch. */
    readonly at: number;
  };
}

/** A message in a mailbox. */
export interface MailboxMessage {
  readonly jobId: string;
  readonly state: MessageState;
  /** `AddItem` */
  readonly message: string;
  /** When it was sent, milliseconds since the epoch. */
  readonly sentAt: number;
  /** How often a node took it. */
  readonly starts: number;
  /** When a delayed one is due, or a failed one failed, milliseconds since the epoch. */
  readonly at?: number;
  /** Of a failed one. */
  readonly reason?: string;
  /** How often the handler of a failed one was tried. */
  readonly attempts?: number;
  /** What was sent. Of a large message the whole envelope's beginning: then the fields below are absent. */
  readonly input: Excerpt;
  readonly messageId?: string;
  readonly requestId?: string;
  readonly traceparent?: string;
  /** Milliseconds since the epoch after which nobody waits for the answer. Absent: nobody does. */
  readonly deadline?: number;
}
