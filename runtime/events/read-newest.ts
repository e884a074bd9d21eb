import { z } from 'zod';
import { ActorError } from '../define/errors.ts';
import type { LogPage, LogQuery, ReadRecord } from './event-log.ts';

/** How a log reads one of its topics backwards. */
export interface BackwardReader {
  /** Of the topic, or that of the one key that is wanted. */
  readonly partitions: readonly number[];
  /**
   * Records before an offset, the latest first: some `limit` of them, and none only where there are none left.
   * Without an offset: from the end, or from where `until` is.
   */
  readonly before: (
    partition: number,
    offset: string | undefined,
    limit: number,
  ) => Promise<readonly ReadRecord[]>;
}

const maxLimit = 500;
const defaultLimit = 100;
/** Records that one page looks at, where what it finds is not wanted. */
const maxLooked = 5_000;
/** Read at once of a partition. */
const maxChunk = 500;
/** Who appends may tell the time, and clocks differ. */
export const clockMarginMs = 60_000;

/**
 * A page of a topic, merged of its partitions.
 * @throws ActorError `invalid_request`
 */
export async function readNewest(query: LogQuery, reader: BackwardReader): Promise<LogPage> {
  const { limit = defaultLimit, since = -Infinity, cursor } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw new ActorError('invalid_request', `a page has 1 to ${maxLimit} records, not ${limit}`);
  const from = cursor === undefined ? {} : decodeCursor(cursor);
  const isFiltered = query.key !== undefined || query.id !== undefined || query.type !== undefined;
  const chunk = isFiltered ? maxChunk : Math.min(limit, maxChunk);
  const heads = reader.partitions.map((partition) => new PartitionHead(partition, from[partition], since));
  const records: ReadRecord[] = [];
  for (let looked = 0; ; looked++) {
    await Promise.all(heads.map((head) => head.fill(reader, chunk)));
    const [next] = heads.flatMap((head) => head.first() ?? []).sort(byTime);
    if (next === undefined) return { records };
    if (records.length === limit || looked === maxLooked) return { records, cursor: encodeCursor(heads) };
    heads.find(({ partition }) => partition === next.partition)?.take();
    if (isWanted(next, query)) records.push(next);
  }
}

/** What of a partition comes next. */
class PartitionHead {
  readonly partition: number;
  /** Before it everything is still to be read; undefined: nothing was read yet; null: nothing is left. */
  #offset: string | null | undefined;
  readonly #since: number;
  #waiting: readonly ReadRecord[] = [];
  #at = 0;

  constructor(partition: number, offset: string | null | undefined, since: number) {
    this.partition = partition;
    this.#offset = offset;
    this.#since = since - clockMarginMs;
  }

  first(): ReadRecord | undefined {
    return this.#waiting[this.#at];
  }

  get offset(): string | null | undefined {
    return this.#offset;
  }

  async fill({ before }: BackwardReader, chunk: number): Promise<void> {
    if (this.first() !== undefined || this.#offset === null) return;
    this.#waiting = await before(this.partition, this.#offset, chunk);
    this.#at = 0;
    if (this.first() === undefined) this.#end();
    else this.#endIfOld();
  }

  take(): void {
    this.#offset = this.first()?.offset;
    this.#at++;
    this.#endIfOld();
  }

  #endIfOld(): void {
    const first = this.first();
    if (first !== undefined && first.appendedAt < this.#since) this.#end();
  }

  #end(): void {
    this.#waiting = [];
    this.#offset = null;
  }
}

const byTime = (a: ReadRecord, b: ReadRecord) => b.appendedAt - a.appendedAt || a.partition - b.partition;

function isWanted(record: ReadRecord, { key, id, type, since, until }: LogQuery): boolean {
  return (
    (key === undefined || key === record.key) &&
    (id === undefined || id === record.id) &&
    (type === undefined || type === record.type) &&
    (since === undefined || record.appendedAt >= since) &&
    (until === undefined || record.appendedAt < until)
  );
}

/** By partition, as a head knows it. */
const Cursor = z.record(z.string().regex(/^\d+$/), z.string().max(64).nullable());

function encodeCursor(heads: readonly PartitionHead[]): string {
  const known = heads.flatMap(({ partition, offset }) => (offset === undefined ? [] : [[partition, offset]]));
  return Buffer.from(JSON.stringify(Object.fromEntries(known))).toString('base64url');
}

/** @throws ActorError `invalid_request` */
function decodeCursor(cursor: string): Readonly<Record<number, string | null>> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new ActorError('invalid_request', `'${cursor}' is no cursor of a page of events`, { cause });
  }
}
