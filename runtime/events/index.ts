/**
 * Events that others hear: the port of the event log, and its adapter on Redis Streams.
 */
export type { EventLog, LogEvent, LogRecord, SubscribeOptions, Subscription } from './event-log.ts';
export { MemoryEventLog, MemoryLogStorage } from './memory-event-log.ts';
export type { MemoryEventLogOptions } from './memory-event-log.ts';
export { partitionOf } from './partition-of.ts';
export { RedisStreamsEventLog } from './redis-streams-event-log.ts';
export type { RedisStreamsEventLogOptions } from './redis-streams-event-log.ts';
