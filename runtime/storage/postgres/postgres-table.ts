/** Column types a mapping may use. How a value is given and read back:
 *
 * | type | to `toRow`'s row | from `fromRow`'s row |
 * |---|---|---|
 * | `uuid`, `text` | string | string |
 * | `boolean`, `integer` | boolean, number | the same |
 * | `bigint`, `numeric` | decimal string, or a safe integer | decimal string: exact, never a float |
 * | `timestamptz` | ISO 8601 string | ISO 8601 string, UTC, milliseconds |
 * | `jsonb` | any JSON value but null | the parsed value |
 *
 * `null` is SQL NULL in all of them.
 */
export type PostgresType =
  'uuid' | 'text' | 'boolean' | 'integer' | 'bigint' | 'numeric' | 'timestamptz' | 'jsonb';

export type PostgresRow = Readonly<Record<string, unknown>>;

/**
 * How the state of one actor type lies in its table. Besides the columns named here the table has `version
 * BIGINT`, `runtime JSONB`, `created_at` and `updated_at TIMESTAMPTZ`, all NOT NULL, and `archive JSONB`, which the
 * store writes: `created_at` with the first write, `updated_at` with each, both from the write's `now`. An index on
 * `((runtime #>> '{effects,0,notBefore}')::bigint)` where `runtime -> 'effects' <> '[]'` finds what is unfinished.
 *
 * @example
 * const counters: PostgresTable<{ total: number }> = {
 *   table: 'counters',
 *   keyColumn: 'id',
 *   columns: [{ name: 'total', type: 'bigint' }],
 *   toRow: (_key, state) => ({ total: state.total }),
 *   fromRow: (row) => ({ total: Number(row.total) }),
 * };
 */
export interface PostgresTable<S, C extends string = string> {
  readonly table: string;
  /** Holds the actor's key. It needs a unique index. */
  readonly keyColumn: string;
  /** Default: `uuid`. */
  readonly keyType?: 'uuid' | 'text';
  /** All columns but the key's and the five of the store. */
  readonly columns: readonly { readonly name: C; readonly type: PostgresType }[];
  /**
   * Columns that nobody gives a value: they take their default with the first write and again with each other one, as a
   * column that says by `pg_current_xact_id()` which transaction wrote the row last.
   */
  readonly renewed?: readonly string[];
  /** A value for each column; `now` in milliseconds since the epoch. */
  toRow(key: string, state: S, now: number): Readonly<Record<C, unknown>>;
  /** Gets the named columns, the key's, `created_at` and `updated_at`. */
  fromRow(row: PostgresRow): S;
}
