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

export interface PostgresStatements {
  /** `$1`: keys as text[]. */
  readonly load: string;
  /** `$1`: rows as a JSON array. Returns the key of each row written. */
  readonly write: string;
  /** As `write`; `$2`: the events of all rows as a JSON array. */
  readonly writeWithEvents: string;
  /** `$1`: milliseconds since the epoch, `$2`: limit. */
  readonly unfinished: string;
  /** The same; `$3`: when they were written after, milliseconds since the epoch. */
  readonly unfinishedOrAhead: string;
}

/**
 * The SQL for a mapping. One statement writes many actors: what expects version 0 is only ever inserted, the
 * rest only ever updated or removed, and events follow only for the rows that were written.
 *
 * A statement is planned once, perhaps while the table is empty. Each part takes its rows by the equality of a text, of
 * which the planner expects few: so it looks each up in the index, and never reads the table through.
 */
export function postgresStatements<S>(mapping: PostgresTable<S>, outboxTable: string): PostgresStatements {
  const id = pg.escapeIdentifier;
  const keyType = mapping.keyType ?? 'uuid';
  const [table, key, outbox] = [id(mapping.table), id(mapping.keyColumn), id(outboxTable)];
  for (const { name } of mapping.columns) {
    if (reserved.has(name) || name === mapping.keyColumn) {
      throw new TypeError(`table ${mapping.table}: the mapping must not name the column '${name}'`);
    }
  }
  const names = mapping.columns.map(({ name }) => id(name));
  const fields = mapping.columns.map(({ name, type }) => `${id(name)} ${type}`);
  const own = [...names, 'runtime', 'updated_at'];

  const written = `
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (${[
        `${key} ${keyType}`,
        ...fields,
        'operation text, expected_version bigint, first_version bigint, runtime jsonb, archive jsonb',
        'keeps_archive boolean, updated_at timestamptz',
      ].join(', ')})
    ), inserted AS (
      INSERT INTO ${table} (${[key, ...own, 'archive', 'version', 'created_at'].join(', ')})
      SELECT ${[key, ...own, 'archive', 'first_version', 'updated_at'].join(', ')} FROM input
      WHERE operation = 'insert' ORDER BY ${key}
      ON CONFLICT (${key}) DO NOTHING
      RETURNING ${key} AS key
    ), updated AS (
      UPDATE ${table} AS t SET version = t.version + 1, ${own.map((name) => `${name} = i.${name}`).join(', ')},
        archive = CASE WHEN i.keeps_archive THEN t.archive ELSE i.archive END
      FROM input AS i
      WHERE t.${key} = i.${key} AND t.version = i.expected_version AND i.operation = 'update'
      RETURNING t.${key} AS key
    ), removed AS (
      DELETE FROM ${table} AS t USING input AS i
      WHERE t.${key} = i.${key} AND t.version = i.expected_version AND i.operation = 'remove'
      RETURNING t.${key} AS key
    ), written AS (
      SELECT key FROM inserted UNION ALL SELECT key FROM updated UNION ALL SELECT key FROM removed
    )`;
  const unfinished = `SELECT ${key}::text AS key FROM ${table} WHERE runtime -> 'effects' <> '[]'::jsonb`;
  const select = `SELECT key::text AS key FROM written`;
  // Sorted, because ids are handed out in this order and the relay goes by id.
  const events = `, events AS (
      INSERT INTO ${outbox} (aggregate_id, event_type, partition_key, payload, headers, created_at)
      SELECT e.aggregate_id, e.event_type, e.partition_key, e.payload, e.headers, e.created_at
      FROM jsonb_to_recordset($2::jsonb) AS e (
        place integer, aggregate_id text, event_type text, partition_key text,
        payload jsonb, headers jsonb, created_at timestamptz
      ) JOIN written AS w ON w.key = e.aggregate_id::${keyType}
      ORDER BY e.place
    ) `;
  return {
    load: `SELECT ${key}::text AS "#key", ${[key, ...own, 'archive', 'version', 'created_at'].join(', ')}
      FROM ${table} WHERE ${key} = ANY($1::text[]::${keyType}[])`,
    write: `${written} ${select}`,
    writeWithEvents: `${written} ${events} ${select}`,
    unfinished: `${unfinished} AND ${firstDue} < $1 ORDER BY ${firstDue} LIMIT $2`,
    unfinishedOrAhead: `${unfinished} AND (${firstDue} < $1 OR updated_at > to_timestamp($3::float8 / 1000))
      ORDER BY ${firstDue} LIMIT $2`,
  };
}
