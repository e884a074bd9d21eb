import { z } from 'zod';
import { ActorError } from '../define/errors.ts';
import { byAge, type ListPosition } from '../mailbox/mailbox-admin.ts';

/** A part of a list that begins with the oldest. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; absent with the last. A page may have fewer items than asked for, and yet a next. */
  readonly cursor?: string;
}

export interface PageQuery {
  /** At most so many, 1 to 500. Default 100. */
  readonly limit?: number | undefined;
  /** Of the page before. */
  readonly cursor?: string | undefined;
}

const maxLimit = 500;
/** Times that a page looks for more, where what it finds is filtered out. */
const maxLooks = 20;

/** How to read a list that lies in several parts. */
export interface PartedList<E extends ListPosition, T> {
  /** The first `limit` entries of each part behind a position, the oldest first. */
  readonly parts: readonly ((after: ListPosition | undefined, limit: number) => Promise<readonly E[]>)[];
  /** What the page says of an entry; nothing for one that is not wanted, or gone. */
  readonly describe: (entry: E) => Promise<T | undefined>;
}

/**
 * A page of a list in parts, in the order of the whole.
 * @throws ActorError `invalid_request`
 */
export async function readPage<E extends ListPosition, T>(
  { limit = 100, cursor }: PageQuery,
  { parts, describe }: PartedList<E, T>,
): Promise<Page<T>> {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw new ActorError('invalid_request', `a page has 1 to ${maxLimit} items, not ${limit}`);
  let after = cursor === undefined ? undefined : decodeCursor(cursor);
  const items: T[] = [];
  for (let look = 0; look < maxLooks; look++) {
    const entries = await firstOf(parts, after, limit);
    const described = await Promise.all(entries.map(describe));
    for (const [i, entry] of entries.entries()) {
      const item = described[i];
      if (item !== undefined) items.push(item);
      after = { at: entry.at, name: entry.name };
      if (items.length === limit) return { items, cursor: encodeCursor(after) };
    }
    if (entries.length < limit) return { items };
  }
  return after === undefined ? { items } : { items, cursor: encodeCursor(after) };
}

/** More than its share of a page that one part is asked for at first: mostly the parts are alike. */
const spare = 3;

/** The first entries of all parts together. Of each part no more is read than it has among them, or little more. */
async function firstOf<E extends ListPosition>(
  parts: PartedList<E, unknown>['parts'],
  after: ListPosition | undefined,
  limit: number,
): Promise<readonly E[]> {
  let first: readonly E[] = [];
  let open = parts.map((part) => ({ part, after }));
  for (let share = Math.ceil(limit / parts.length) + spare; open.length > 0; share *= 4) {
    const asked = Math.min(share, limit);
    const found = await Promise.all(open.map(({ part, after }) => part(after, asked)));
    first = [...first, ...found.flat()].sort(byAge).slice(0, limit);
    const last = first.length < limit ? undefined : first.at(-1);
    // A part that gave all it was asked for may have more that comes before the last.
    open = open.flatMap(({ part }, i) => {
      const { [i]: entries = [] } = found;
      const end = entries.length === asked ? entries.at(-1) : undefined;
      return end === undefined || (last !== undefined && byAge(end, last) >= 0) ? [] : [{ part, after: end }];
    });
  }
  return first;
}

const Cursor = z.tuple([z.number(), z.string()]);

const encodeCursor = ({ at, name }: ListPosition) =>
  Buffer.from(JSON.stringify([at, name] satisfies z.infer<typeof Cursor>)).toString('base64url');

/** @throws ActorError `invalid_request` */
function decodeCursor(cursor: string): ListPosition {
  try {
    const [at, name] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { at, name };
  } catch (cause) {
    throw new ActorError('invalid_request', `'${cursor}' is no cursor of a page`, { cause });
  }
}
