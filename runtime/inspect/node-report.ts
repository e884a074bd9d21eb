/** An actor of a node that had many turns of late. */
export interface BusyKey {
  readonly type: string;
  readonly key: string;
  /** Of late, the last seconds most; never more than it had. */
  readonly turnsPerSecond: number;
}

/** Something that failed on a node. */
export interface RecentFailure {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: string;
  readonly key: string;
  /** `turn`: it did not happen; the store, the mailbox or the lease failed it. `parked`: its actor rests from then on. */
  readonly what: 'message' | 'outcome' | 'effect' | 'turn' | 'dead letter' | 'parked';
  /** Of the message or the effect. */
  readonly name?: string;
  readonly messageId?: string;
  /** How often it had been tried. */
  readonly attempts?: number;
  readonly code: string;
  /** In one line with its causes, at most 300 characters. */
  readonly reason: string;
}

/** What a node tells of itself, once a second. */
export interface NodeDetails {
  /** Host and process id, or what its process was called. */
  readonly process: string;
  /** Of the program that hosts the actors; '' where it was not said. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** By the node's clock, milliseconds since the epoch. */
  readonly lastSeenAt: number;
  /** How many it holds. */
  readonly shards: number;
  /** Actors in memory, by type. */
  readonly activations: Readonly<Record<string, number>>;
  readonly turnsPerSecond: number;
  readonly messagesPerSecond: number;
  /** Turns of which something is tried again. */
  readonly retriesPerSecond: number;
  /** The busiest first, at most 20. */
  readonly busiestKeys: readonly BusyKey[];
  /** How late the event loop was, for 99 of 100 times since the report before. Milliseconds. */
  readonly loopDelayMs: number;
  /** The part of the memory that is in use, 0 to 1; 0 where the node was not told how to look. */
  readonly memoryInUse: number;
  /** Of the whole process. */
  readonly residentBytes: number;
  /** The latest first, at most 10; what effects were refused is left out. */
  readonly failures: readonly RecentFailure[];
}

/**
 * A node that lives. One of an earlier release does not report, nor does any for the first second after Redis was
 * emptied.
 */
export type NodeReport =
  | ({ readonly name: string; readonly isReporting: true } & NodeDetails)
  | { readonly name: string; readonly isReporting: false };
