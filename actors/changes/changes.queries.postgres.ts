import { Batcher } from '@trolley/runtime/adapters';
import { postgresFailure, type PostgresPool, type PostgresRow } from '@trolley/runtime/postgres';
import type { Changes, ChangesPage } from './changes.queries.ts';

interface Wanted {
  readonly userId: number;
  readonly position: string | undefined;
}

interface Found {
  readonly rows: PostgresRow[];
  readonly horizon: string;
  readonly ceiling: string;
}

interface ChangesOptions<V> {
  readonly pool: PostgresPool;
  /** With the columns `id` (a UUID), `user_id`, `version` and `changed_in`, and an index over user, change and id. */
  readonly table: string;
  /** What `viewOf` gets, besides those. */
  readonly columns: readonly string[];
  /** `undefined`: nothing that is shown. */
  readonly viewOf: (row: PostgresRow) => V | undefined;
  /** Rows of one page. Default 100. */
  readonly pageSize?: number;
}

/** Users that are looked at by one statement, of which so many are under way while the next ones gather. */
const maxTogether = 32;
const maxUnderWay = 2;
const maxWaiting = 10_000;
const firstId = '00000000-0000-0000-0000-000000000000';
/** Behind every transaction. */
const never = '999999999999999999';

/** `$1`: users; `$2`, `$3`: behind which transaction, and which row of it. */
export function changesStatement(table: string, more: readonly string[], pageSize: number): string {
  const columns = [...new Set(['id', 'version', 'changed_in', ...more])].join(', ');
  // Each user has one row at least, which tells how far transactions have come.
  return `
    SELECT wanted.place::int AS place, found.*,
      pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
      pg_snapshot_xmax(pg_current_snapshot())::text AS ceiling
    FROM unnest($1::bigint[], $2::bigint[], $3::uuid[]) WITH ORDINALITY AS wanted (user_id, after, after_id, place)
    LEFT JOIN LATERAL (
      SELECT ${columns} FROM ${table}
      WHERE user_id = wanted.user_id AND (changed_in, id) > (wanted.after, wanted.after_id)
        AND changed_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
      ORDER BY changed_in, id LIMIT ${pageSize + 1}
    ) found ON true`;
}

/**
 * Changes by the transactions that have made them. `changed_in` is the number of the one that wrote a row last. Numbers
 * are handed out in order, but transactions end in any order: so the next look begins at the oldest that was still under
 * way (`pg_snapshot_xmin`), behind which nothing can appear any more, and what has ended since is seen again. No clock
 * takes part. What was restored from another server has numbers that are not reached yet, and is not taken for a change.
 */
export function createPostgresChanges<V>(options: ChangesOptions<V>): Changes<V> {
  const { pool, table, viewOf, pageSize = 100 } = options;
  const statement = changesStatement(options.table, options.columns, pageSize);

  async function find(wanted: readonly Wanted[]): Promise<PromiseFulfilledResult<Found>[]> {
    const from = wanted.map(({ position = never }) => position.split('~'));
    const values = [
      wanted.map(({ userId }) => userId),
      from.map(([transaction]) => transaction),
      from.map(([, id = firstId]) => id),
    ];
    const rows = await query(values);
    const found = wanted.map(() => ({ rows: [] as PostgresRow[], horizon: '0', ceiling: '0' }));
    for (const row of rows) {
      const of = found[Number(row['place']) - 1];
      if (of === undefined) continue;
      of.horizon = String(row['horizon']);
      of.ceiling = String(row['ceiling']);
      if (row['id'] !== null) of.rows.push(row);
    }
    return found.map((value) => ({ status: 'fulfilled', value }));
  }

  async function query(values: unknown[]): Promise<PostgresRow[]> {
    try {
      return (await pool.query<Record<string, unknown>>(statement, values)).rows;
    } catch (error) {
      throw postgresFailure(table, error);
    }
  }

  const looks = new Batcher<Wanted, Found>({
    name: `changes of ${table}`,
    flush: find,
    maxBatch: maxTogether,
    maxWaiting,
    maxInFlight: maxUnderWay,
  });

  return {
    async changedSince(userId, position): Promise<ChangesPage<V>> {
      const found = await looks.add({ userId, position });
      const [after = '0', , firstHorizon = found.horizon] = position?.split('~') ?? [];
      const taken = found.rows.slice(0, pageSize);
      const [last, hasMore] = [taken.at(-1), found.rows.length > taken.length];
      const changed = taken.flatMap((row) => {
        const view = viewOf(row);
        return view === undefined ? [] : [{ id: String(row['id']), version: Number(row['version']), view }];
      });
      // What was still under way at the first page may have ended behind the last row of it.
      const between = last && [last['changed_in'], last['id'], firstHorizon].join('~');
      const next = hasMore && between !== undefined ? between : firstHorizon;
      const isForeign = [after, firstHorizon].some((each) => BigInt(each) > BigInt(found.ceiling));
      return { changed, next: isForeign ? found.horizon : next, hasMore, isForeign };
    },
  };
}
