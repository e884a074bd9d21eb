import { ActorError } from '../define/errors.ts';
import type { EventLog, LogEvent, ReadRecord } from './event-log.ts';

/** An event that consumers could never handle. */
export interface EventDeadLetter {
  /** Names it in its topic: partition and offset of its latest rejection in the dead-letter topic, `3-17`. */
  readonly id: string;
  /** Ids of its earlier rejections: by other groups, or after a replay. All of them are dealt with as one. */
  readonly earlier: readonly string[];
  /** Of the latest first, each once. */
  readonly reason: string;
  /** When it was rejected last, milliseconds since the epoch. */
  readonly at: number;
  /** What was rejected, as it lies in the dead-letter topic. */
  readonly record: ReadRecord;
}

/** Everything that is given has to be true of a letter. */
export interface EventDeadLetterQuery {
  /** A part of the reason, in any case. */
  readonly reason?: string | undefined;
  /** Of this event type alone. */
  readonly type?: string | undefined;
  /** Of this key alone. */
  readonly key?: string | undefined;
  /** Of this event alone. */
  readonly eventId?: string | undefined;
  /** Rejected before or after, milliseconds since the epoch. */
  readonly before?: number | undefined;
  readonly after?: number | undefined;
}

export interface EventDeadLetterList {
  /** The latest first. */
  readonly items: readonly EventDeadLetter[];
  /** How many there are of the query; more than `items` where the limit left some out. */
  readonly total: number;
  /** The dead-letter topic holds more than is looked through: its latest 10,000 records. */
  readonly isPartial: boolean;
}

/** The dead-letter topic of a topic, as operators need it. */
export interface EventDeadLetters {
  /** @param limit default: 100 */
  list(query?: EventDeadLetterQuery, limit?: number): Promise<EventDeadLetterList>;
  get(id: string): Promise<EventDeadLetter | undefined>;
  /**
   * Publishes a letter to its topic again, whole and under the id of its event: a group that has handled the event
   * does nothing then. Where this is interrupted, the letter may be both published and still in the list.
   */
  replay(letter: EventDeadLetter): Promise<void>;
  /** Takes a letter out of the list without publishing it. */
  discard(letter: EventDeadLetter, reason: string): Promise<void>;
}

/** What is appended to the dead-letter topic for a letter that is dealt with; its header `closes` names the letter. */
export const letterClosedType = 'DeadLetterClosed';

const pageSize = 500;
const maxLooked = 10_000;

/**
 * A log can't take a record out. So what is dealt with is closed by a record behind it, of the same key, which tells
 * what became of it: the topic is the whole story, on Kafka as on Redis Streams.
 */
export function eventDeadLetters(
  log: Pick<EventLog, 'append' | 'read' | 'replay'>,
  topic: string,
): EventDeadLetters {
  const letters = `${topic}.dlq`;

  async function readAll(): Promise<{ open: EventDeadLetter[]; isPartial: boolean }> {
    const found: ReadRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await log.read(letters, { limit: pageSize, cursor });
      found.push(...page.records);
      cursor = page.cursor;
    } while (cursor !== undefined && found.length < maxLooked);
    const closed = new Set(found.map((record) => closes(record)));
    const open = found.filter((record) => closes(record) === undefined && !closed.has(idOf(record)));
    return { open: lettersOf(open), isPartial: cursor !== undefined };
  }

  function close({ id, earlier, record }: EventDeadLetter, outcome: string, reason = ''): Promise<void> {
    const markOf = (closed: string): LogEvent => ({
      id: `${letters}-${closed}-closed`,
      key: record.key,
      type: letterClosedType,
      value: JSON.stringify({ closes: closed, event_id: record.id, outcome, reason }),
      headers: { event_type: letterClosedType, closes: closed },
    });
    return log.append(letters, [...earlier, id].map(markOf));
  }

  return {
    async list(query = {}, limit = 100) {
      const { open, isPartial } = await readAll();
      const items = open.filter((letter) => isWanted(letter, query));
      return { items: items.slice(0, limit), total: items.length, isPartial };
    },
    async get(id) {
      if (!/^\d+-.+$/.test(id))
        throw new ActorError('invalid_request', `'${id}' is no id of a dead letter of the event log`);
      return (await readAll()).open.find((letter) => letter.id === id || letter.earlier.includes(id));
    },
    async replay(letter) {
      await log.replay(topic, letter.record);
      await close(letter, 'replayed');
    },
    discard: (letter, reason) => close(letter, 'discarded', reason),
  };
}

const closes = ({ type, headers }: ReadRecord) =>
  type === letterClosedType ? (headers['closes'] ?? '') : undefined;

const idOf = ({ partition, offset }: ReadRecord) => `${partition}-${offset}`;

/** Rejections of one event are one letter. The latest record comes first. */
function lettersOf(rejections: readonly ReadRecord[]): EventDeadLetter[] {
  const byEvent = new Map<string, [ReadRecord, ...ReadRecord[]]>();
  for (const record of rejections) {
    const event = JSON.stringify([record.id, record.key, record.type, record.value]);
    const known = byEvent.get(event);
    if (known === undefined) byEvent.set(event, [record]);
    else known.push(record);
  }
  return [...byEvent.values()].map(letterOf);
}

function letterOf(rejections: readonly [ReadRecord, ...ReadRecord[]]): EventDeadLetter {
  const [record, ...earlier] = rejections;
  const reasons = new Set(rejections.map(({ headers }) => headers['reason'] ?? ''));
  return {
    ...{ id: idOf(record), earlier: earlier.map(idOf), reason: [...reasons].join('; ') },
    ...{ at: record.appendedAt, record },
  };
}

function isWanted(
  { reason, at, record }: EventDeadLetter,
  { reason: part, type, key, eventId, before, after }: EventDeadLetterQuery,
): boolean {
  return (
    (part === undefined || reason.toLowerCase().includes(part.toLowerCase())) &&
    (type === undefined || type === record.type) &&
    (key === undefined || key === record.key) &&
    (eventId === undefined || eventId === record.id) &&
    (before === undefined || at < before) &&
    (after === undefined || at >= after)
  );
}
