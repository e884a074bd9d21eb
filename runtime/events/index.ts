/**
 * Events that others hear: the port of the event log, and its adapter on Redis Streams.
 */
export type { EventLog, LogRecord, SubscribeOptions, Subscription } from './event-log.ts';
export { MemoryEventLog } from './memory-event-log.ts';
export { partitionOf } from './partition-of.ts';
export { RedisStreamsEventLog } from './redis-streams-event-log.ts';
