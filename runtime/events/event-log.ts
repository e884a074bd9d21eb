/** An event to append. Events of one key keep their order. */
export interface LogEvent {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  /** JSON text. */
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An event as a consumer gets it. */
export interface LogRecord extends LogEvent {
  readonly partition: number;
  /** Opaque; grows within a partition. */
  readonly offset: string;
}

/** A record as it is read, with when the log took it. */
export interface ReadRecord extends LogRecord {
  /** Milliseconds since the epoch, by the clock of the log or of who appended. */
  readonly appendedAt: number;
}

/** What to read of a topic. Everything that is given has to be true of a record. */
export interface LogQuery {
  readonly key?: string | undefined;
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  /** Appended then or later, milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Appended before, milliseconds since the epoch. */
  readonly until?: number | undefined;
  /** At most so many, 1 to 500. Default: 100. */
  readonly limit?: number | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
}

export interface LogPage {
  /** The latest first. */
  readonly records: readonly ReadRecord[];
  /** Where the next page begins; absent with the last. A page may have fewer records than asked for, and yet a next. */
  readonly cursor?: string;
}

export interface PartitionLag {
  readonly partition: number;
  /** How many records the group has not committed. */
  readonly records: number;
}

export interface Subscription extends AsyncDisposable {
  /** How many records of the topic the group has not committed. */
  lag(): Promise<number>;
  /** Ends taking, waits for the handlers under way, commits what they did. */
  close(): Promise<void>;
}

export interface SubscribeOptions {
  readonly topic: string;
  /** Members of one group share the partitions; each group gets every event. Starts at the earliest. */
  readonly group: string;
  /**
   * Called for the records of a key in order, for several keys at once. The offset is committed after the handler
   * has resolved for all up to it. A handler that throws is called again with back-off, without end: it blocks its
   * key at once, and its partition soon, so it throws only for what may pass (a store that is down). What can never
   * be handled goes to `reject`.
   */
  readonly handle: (record: LogRecord) => Promise<void>;
}

/** A partitioned, durable log of events; Kafka, or Redis Streams on a single machine. */
export interface EventLog extends AsyncDisposable {
  /** Resolves when all are durable in the log. At least once: a repeated append appends again. */
  append(topic: string, events: readonly LogEvent[]): Promise<void>;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Moves a record that can never be handled to `<topic>.dlq`, with the reason in the header `reason`. */
  reject(topic: string, record: LogRecord, reason: string): Promise<void>;
  /**
   * Appends a dead letter, as `read` found it in `<topic>.dlq`, to its topic again: whole, under the same id, key and
   * headers but the reason. Every group gets it. The letter stays where it is: see `eventDeadLetters`.
   */
  replay(topic: string, letter: LogRecord): Promise<void>;
  /**
   * Reads without taking part in a group. One call looks at a bounded number of records.
   * @throws ActorError `invalid_request`, `unavailable`
   */
  read(topic: string, query?: LogQuery): Promise<LogPage>;
  /** How far a group is behind in each partition. One that has committed nothing is behind with all. */
  lag(topic: string, group: string): Promise<readonly PartitionLag[]>;
  close(): Promise<void>;
}
