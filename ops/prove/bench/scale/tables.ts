import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { patternOf, type Marks } from './pattern.ts';
import type { Owned } from './owners.ts';

/* Rows as the shop wrote them, written once more for many others. */

/** A row that the shop has written. */
export interface PatternRow {
  readonly table: string;
  /** A condition that it alone fulfils. */
  readonly where: string;
  readonly marks: Marks;
}

/** Where rows are filled in. */
export interface Sink {
  write(owned: readonly Owned[]): Promise<void>;
  /** After the last one. */
  end(): Promise<void>;
}

/** Written with each row anew, since nobody has two at the same moment. */
const isTime = (column: string) => /^(created|updated|completed|processed)_at$/.test(column);
/** Given out by the database. */
const isSerial = (column: { readonly default: string | null }) =>
  column.default?.startsWith('nextval') === true;

/** Takes over a connection until its end. */
export async function openPostgresSink(client: Client, { table, where, marks }: PatternRow): Promise<Sink> {
  const { rows } = await client.query<{ name: string; default: string | null }>(
    `SELECT column_name AS name, column_default AS default FROM information_schema.columns
     WHERE table_name = $1 ORDER BY ordinal_position`,
    [table],
  );
  const columns = rows.filter((column) => !isSerial(column)).map(({ name }) => name);
  const list = columns.join();
  const line = await text(
    client.query(copyTo(`COPY (SELECT ${list} FROM ${table} WHERE ${where}) TO STDOUT`)),
  );
  const cells = line.trimEnd().split('\t');
  if (cells.length !== columns.length) throw new Error(`${table} has not the one row where ${where}`);
  const times = [...columns.keys()].filter((index) => isTime(columns[index] ?? '') && cells[index] !== '\\N');
  const timed = cells.map((cell, index) => (times.includes(index) ? timeMark : cell)).join('\t');
  const lineOf = patternOf(`${timed}\n`, { ...marks, time: timeMark });
  const stream = client.query(copyFrom(`COPY ${table} (${list}) FROM STDIN`));
  const ended = finished(stream);
  // Told by whoever writes next.
  ended.catch(() => undefined);
  return {
    async write(owned) {
      const lines = owned.map(({ marks: others, at }) =>
        lineOf({ ...others, time: new Date(at).toISOString() }),
      );
      if (!stream.write(lines.join(''))) await Promise.race([once(stream, 'drain'), ended]);
    },
    async end() {
      stream.end();
      await ended;
      await client.query(`VACUUM (ANALYZE) ${table}`);
    },
  };
}

const timeMark = 'time-of-the-row';

/** Takes over the file of a service that does not run: nothing of it is durable before the end. */
export function openSqliteSink(file: string, patterns: readonly PatternRow[]): Sink {
  const database = new Database(file, { fileMustExist: true });
  database.pragma('synchronous = NORMAL');
  database.pragma('cache_size = -131072');
  database.pragma('wal_autocheckpoint = 100000');
  const inserts = patterns.flatMap((pattern) => insertsOf(database, pattern));
  const writeAll = database.transaction((owned: readonly Owned[]) => {
    for (const each of owned) for (const insert of inserts) insert(each);
  });
  return {
    write(owned) {
      writeAll(owned);
      return Promise.resolve();
    },
    end() {
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.close();
      return Promise.resolve();
    },
  };
}

type Cell = string | number | null;

/** One for each row that the pattern names: a reservation has several lines. */
function insertsOf(
  database: Database.Database,
  { table, where, marks }: PatternRow,
): ((owned: Owned) => void)[] {
  const rows = database.prepare<[], Record<string, Cell>>(`SELECT * FROM ${table} WHERE ${where}`).all();
  if (rows.length === 0) throw new Error(`${table} has no row where ${where}`);
  return rows.map((row) => {
    const columns = Object.keys(row);
    const places = columns.map(() => '?').join();
    const insert = database.prepare<[Cell[]]>(`INSERT INTO ${table} (${columns.join()}) VALUES (${places})`);
    const cells = columns.map((column) => cellOf(column, row[column] ?? null, marks));
    return (owned) => insert.run(cells.map((cell) => cell(owned)));
  });
}

function cellOf(column: string, cell: Cell, marks: Marks): (owned: Owned) => Cell {
  if (isTime(column)) return ({ at }) => at;
  if (typeof cell !== 'string') return () => cell;
  const written = patternOf(cell, marks);
  return ({ marks: others }) => written(others);
}
