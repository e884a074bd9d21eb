import type { KeyTypes } from '../redis/foreign-keys.ts';
import type { LogEvent, LogRecord } from './event-log.ts';

/** The keys of one topic. One hash tag, so that a cluster keeps them together and one command reads them all. */
export class RedisStreamsTopic {
  readonly streams: readonly string[];
  readonly #tag: string;

  constructor(prefix: string, topic: string, partitions: number) {
    this.#tag = `{${prefix}-${topic}}`;
    this.streams = Array.from({ length: partitions }, (_, partition) => `${this.#tag}:${partition}`);
  }

  /** What is expected of them, and of those of a group. */
  keyTypes(group?: string): KeyTypes {
    const streams = this.streams.map((stream) => [stream, 'stream'] as const);
    if (group === undefined) return Object.fromEntries(streams);
    return { ...Object.fromEntries(streams), [this.lease(group)]: 'string', [this.offsets(group)]: 'hash' };
  }

  /** Holds the token of the one process that consumes for the group. */
  lease(group: string): string {
    return `${this.#tag}:lease:${group}`;
  }

  /** A hash from partition to the id of the last record handled. */
  offsets(group: string): string {
    return `${this.#tag}:offsets:${group}`;
  }
}

export type StreamEntry = [id: string, fields: string[] | null];

/** An event as the fields of a stream entry; `value` in its place where the text is not what was stored. */
export function fieldsOf(event: LogEvent, value: string | Buffer = event.value): (string | Buffer)[] {
  const { id, key, type, headers } = event;
  return ['id', id, 'key', key, 'type', type, 'value', value, 'headers', JSON.stringify(headers)];
}

/** Takes what is there: a strange entry becomes a record that its consumer can reject. */
export function recordOf(partition: number, [offset, fields]: StreamEntry): LogRecord {
  const named = new Map<string, string>();
  for (let at = 0; fields !== null && at + 1 < fields.length; at += 2) {
    named.set(fields[at] ?? '', fields[at + 1] ?? '');
  }
  return {
    partition,
    offset,
    id: named.get('id') ?? offset,
    key: named.get('key') ?? '',
    type: named.get('type') ?? '',
    value: named.get('value') ?? '',
    headers: headersOf(named.get('headers')),
  };
}

function headersOf(text: string | undefined): Record<string, string> {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
  } catch {
    return {};
  }
}
