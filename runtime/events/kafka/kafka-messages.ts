import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { LogEvent, LogRecord } from '../event-log.ts';
import { eventOfLetter } from '../event-of-letter.ts';

/** An event as it is written. Its id and type travel as headers. */
export function messageOf({ id, key, type, value, headers }: LogEvent): Message {
  return { key, value, headers: { ...headers, event_id: id, event_type: type } };
}

/** A record as a dead letter: with the bytes that it was read with, if it is known what these were. */
export function deadLetterOf(record: LogRecord, reason: string, read: KafkaMessage | undefined): Message {
  const { key, value, headers } = read ?? record;
  const added = { event_id: record.id, event_type: record.type, reason };
  return { key, value, headers: { ...headers, ...added } };
}

/** A dead letter as the event that it was made of: with the bytes that it was read with, if it is known what these were. */
export function messageOfLetter(letter: LogRecord, read: KafkaMessage | undefined): Message {
  if (read === undefined) return messageOf(eventOfLetter(letter));
  const { reason: _reason, ...headers } = read.headers ?? {};
  return { key: read.key, value: read.value, headers };
}

/** Takes what is there: a strange message becomes a record that its consumer can reject. */
export function recordOf(partition: number, message: KafkaMessage): LogRecord {
  const headers = textsOf(message.headers ?? {});
  return {
    partition,
    offset: message.offset,
    id: headers['event_id'] ?? headers['ce_id'] ?? `${partition}-${message.offset}`,
    key: message.key?.toString() ?? '',
    type: headers['event_type'] ?? headers['ce_type'] ?? '',
    value: message.value?.toString() ?? '',
    headers,
  };
}

/** Of a header that is there several times, the last one counts, as for Kafka's own clients. */
function textsOf(headers: IHeaders): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, values] of Object.entries(headers)) {
    const last = Array.isArray(values) ? values.at(-1) : values;
    if (last !== undefined) texts[name] = last.toString();
  }
  return texts;
}
