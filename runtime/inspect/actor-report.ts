import type { ActivationView } from '../kernel/actor-view.ts';
import type { Excerpt } from '../observe/excerpt.ts';
import type { MailboxReport } from './mailbox-report.ts';
import type { RecentFailure } from './node-report.ts';

/** An effect that an actor wants, or a reminder that it waits for. */
export interface WantedEffect {
  readonly id: string;
  /** Of the effect, or of the message that a reminder brings. */
  readonly name: string;
  readonly input: Excerpt;
  /** Not before this time, milliseconds since the epoch. */
  readonly dueAt: number;
  /** Failed tries of the handler of its outcome. */
  readonly attempts: number;
  /** Of that handler; else how an effect of this name ended last on this node, if it failed. */
  readonly lastError?: string;
  readonly requestId?: string;
  readonly traceparent?: string;
}

/** A caller whose answer was deferred. */
export interface WaitingReport {
  readonly messageId: string;
  readonly message: string;
  readonly tag?: Excerpt;
}

/** What the node that holds an actor's shard knows of it. */
export interface ActorOnNode {
  readonly node: string;
  /** Present while it is in the node's memory. */
  readonly activation?: ActivationView;
  /** 0: nothing is stored, and the state is what it would begin with. */
  readonly version: number;
  /** When that was written, milliseconds since the epoch. */
  readonly updatedAt?: number;
  /** The version of the definition that wrote the state. */
  readonly schema: number;
  /** As it lies in the store, at most 64 KB. Absent where the store could not be read. */
  readonly state?: Excerpt;
  /** The state is newer than what is stored: its write waits for what comes of an effect. */
  readonly isUnwritten: boolean;
  /** Why the actor could not go on: this version makes no state of what is stored, or its store cannot be read. */
  readonly problem?: string;
  /** The earliest due first, at most 100. */
  readonly effects: readonly WantedEffect[];
  readonly reminders: readonly WantedEffect[];
  /** At most 100. */
  readonly waiting: readonly WaitingReport[];
  /** Of all of these, shown or not. */
  readonly counts: {
    readonly effects: number;
    readonly reminders: number;
    readonly waiting: number;
    /** Messages that are remembered as applied. */
    readonly applied: number;
  };
  /** What failed of it on this node, the latest first, at most 50. */
  readonly failures: readonly RecentFailure[];
}

/** One actor. */
export interface ActorReport extends ActorOnNode {
  readonly type: string;
  readonly key: string;
  readonly mailbox: MailboxReport;
}
