import pg from 'pg';
import type { PostgresTable } from './postgres-table.ts';

/** Columns that the store itself reads and writes, or names its input by. */
const reserved = new Set([
  'version',
  'runtime',
  'created_at',
  'updated_at',
  'expected_version',
  'first_version',
  'operation',
  'archive',
  'keeps_archive',
]);

/** When the first effect or reminder of a record is due; an index over it makes `unfinished` cheap. */
const firstDue = `((runtime #>> '{effects,0,notBefore}')::bigint)`;

/** What a write does to its row. */
export type RowOperation = 'insert' | 'update' | 'remove';

const allOperations: readonly RowOperation[] = ['insert', 'update', 'remove'];

export interface PostgresStatements {
  /** `$1`: keys as text[]. */
  readonly load: string;
  /**
   * For rows with these operations. `$1`: the rows as a JSON array; `$2`, for rows with events: the events of all of
   * them, likewise. Returns the key of each row written.
   */
  write(operations: ReadonlySet<RowOperation>, withEvents: boolean): string;
  /** `$1`: milliseconds since the epoch, `$2`: limit. */
  readonly unfinished: string;
  /** The same; `$3`: when they were written after, milliseconds since the epoch. */
  readonly unfinishedOrAhead: string;
}

/**
 * The SQL for a mapping. One statement writes many actors: what expects version 0 is only ever inserted, the
 * rest only ever updated or removed, and events follow only for the rows that were written. It says no more than its
 * rows need: what is in it, the server sets up each time, also where no row wants it.
 *
 * A statement is planned once, perhaps while the table is empty. Each part takes its rows by the equality of a text, of
 * which the planner expects few: so it looks each up in the index, and never reads the table through.
 */
export function postgresStatements<S>(mapping: PostgresTable<S>, outboxTable: string): PostgresStatements {
  const id = pg.escapeIdentifier;
  const keyType = mapping.keyType ?? 'uuid';
  const [table, key, outbox] = [id(mapping.table), id(mapping.keyColumn), id(outboxTable)];
  for (const name of [...mapping.columns.map((column) => column.name), ...(mapping.renewed ?? [])]) {
    if (reserved.has(name) || name === mapping.keyColumn) {
      throw new TypeError(`table ${mapping.table}: the mapping must not name the column '${name}'`);
    }
  }
  const names = mapping.columns.map(({ name }) => id(name));
  const fields = mapping.columns.map(({ name, type }) => `${id(name)} ${type}`);
  const own = [...names, 'runtime', 'updated_at'];
  const renewed = (mapping.renewed ?? []).map((name) => `, ${id(name)} = DEFAULT`).join('');

  const rows = `jsonb_to_recordset($1::jsonb) AS r (${[
    `${key} ${keyType}`,
    ...fields,
    'operation text, expected_version bigint, first_version bigint, runtime jsonb, archive jsonb',
    'keeps_archive boolean, updated_at timestamptz',
  ].join(', ')})`;
  const parts: Readonly<Record<RowOperation, (input: string) => string>> = {
    insert: (input) => `
      INSERT INTO ${table} (${[key, ...own, 'archive', 'version', 'created_at'].join(', ')})
      SELECT ${[key, ...own, 'archive', 'first_version', 'updated_at'].join(', ')} FROM ${input}
      WHERE operation = 'insert' ORDER BY ${key}
      ON CONFLICT (${key}) DO NOTHING
      RETURNING ${key}::text AS key`,
    update: (input) => `
      UPDATE ${table} AS t SET version = t.version + 1, ${own.map((name) => `${name} = r.${name}`).join(', ')},
        archive = CASE WHEN r.keeps_archive THEN t.archive ELSE r.archive END${renewed}
      FROM ${input}
      WHERE t.${key} = r.${key} AND t.version = r.expected_version AND r.operation = 'update'
      RETURNING t.${key}::text AS key`,
    remove: (input) => `
      DELETE FROM ${table} AS t USING ${input}
      WHERE t.${key} = r.${key} AND t.version = r.expected_version AND r.operation = 'remove'
      RETURNING t.${key}::text AS key`,
  };
  // Sorted, because ids are handed out in this order and the relay goes by id.
  const events = `
      INSERT INTO ${outbox} (aggregate_id, event_type, partition_key, payload, headers, created_at)
      SELECT e.aggregate_id, e.event_type, e.partition_key, e.payload, e.headers, e.created_at
      FROM jsonb_to_recordset($2::jsonb) AS e (
        place integer, aggregate_id text, event_type text, partition_key text,
        payload jsonb, headers jsonb, created_at timestamptz
      ) JOIN written AS w ON w.key = e.aggregate_id
      ORDER BY e.place`;

  function writing(operations: readonly RowOperation[], withEvents: boolean): string {
    const [only] = operations;
    const withOne = only !== undefined && operations.length === 1;
    if (withOne && !withEvents) return parts[only](rows);
    const written = withOne
      ? [`written AS (${parts[only](rows)})`]
      : [
          `input AS MATERIALIZED (SELECT * FROM ${rows})`,
          ...operations.map((operation) => `${operation}_rows AS (${parts[operation]('input AS r')})`),
          `written AS (${operations.map((operation) => `SELECT key FROM ${operation}_rows`).join(' UNION ALL ')})`,
        ];
    const all = withEvents ? [...written, `events AS (${events})`] : written;
    return `WITH ${all.join(', ')} SELECT key FROM written`;
  }
  const writes = new Map<string, string>();
  const unfinished = `SELECT ${key}::text AS key FROM ${table} WHERE runtime -> 'effects' <> '[]'::jsonb`;
  return {
    load: `SELECT ${key}::text AS "#key", ${[key, ...own, 'archive', 'version', 'created_at'].join(', ')}
      FROM ${table} WHERE ${key} = ANY($1::text[]::${keyType}[])`,
    write(operations, withEvents) {
      const ordered = allOperations.filter((operation) => operations.has(operation));
      const name = `${ordered.join()} ${withEvents}`;
      const text = writes.get(name) ?? writing(ordered, withEvents);
      writes.set(name, text);
      return text;
    },
    unfinished: `${unfinished} AND ${firstDue} < $1 ORDER BY ${firstDue} LIMIT $2`,
    unfinishedOrAhead: `${unfinished} AND (${firstDue} < $1 OR updated_at > to_timestamp($3::float8 / 1000))
      ORDER BY ${firstDue} LIMIT $2`,
  };
}
