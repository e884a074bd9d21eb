/**
 * Events that others hear: the port of the event log, and its adapter on Redis Streams.
 */
export type {
  EventLog,
  LogEvent,
  LogPage,
  LogQuery,
  LogRecord,
  PartitionLag,
  ReadRecord,
  SubscribeOptions,
  Subscription,
} from './event-log.ts';
export { eventDeadLetters, letterClosedType } from './event-dead-letters.ts';
export type {
  EventDeadLetter,
  EventDeadLetterList,
  EventDeadLetterQuery,
  EventDeadLetters,
} from './event-dead-letters.ts';
export { MemoryEventLog, MemoryLogStorage } from './memory-event-log.ts';
export type { MemoryEventLogOptions } from './memory-event-log.ts';
export { partitionOf } from './partition-of.ts';
export { RedisStreamsEventLog } from './redis-streams-event-log.ts';
export type { RedisStreamsEventLogOptions } from './redis-streams-event-log.ts';
