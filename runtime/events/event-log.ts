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
  close(): Promise<void>;
}
