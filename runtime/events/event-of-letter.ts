import type { LogEvent, LogRecord } from './event-log.ts';

/** The event that a dead letter was made of. */
export function eventOfLetter({ id, key, type, value, headers }: LogRecord): LogEvent {
  const { reason: _reason, ...own } = headers;
  return { id, key, type, value, headers: own };
}
