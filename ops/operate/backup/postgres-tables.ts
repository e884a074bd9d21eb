import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { StartProblem } from '../../shop/process/start-problem.ts';

export interface Table {
  readonly name: string;
  /** Those that are stored, not computed. */
  readonly columns: readonly string[];
}

export interface Written {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Sequence {
  readonly name: string;
  readonly value: string;
}

/**
 * The tables of the schema `public`.
 *
 * @throws StartProblem when the database holds what these functions would not carry
 */
export async function tablesOf(client: Client): Promise<Table[]> {
  const { rows: others } = await client.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
       AND (c.relkind IN ('p', 'm', 'f') OR c.relkind = 'r' AND n.nspname <> 'public')
     UNION ALL SELECT 'large object ' || oid FROM pg_largeobject_metadata`,
  );
  if (others.length > 0) {
    const names = others.map(({ name }) => name).join(', ');
    throw new StartProblem(`The database holds more than this backup can carry: ${names}. Use pg_dump.`);
  }
  const { rows } = await client.query<Table>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     GROUP BY c.relname ORDER BY c.relname`,
  );
  return rows;
}

/** Writes the rows of a table to `file`; without one they are only read and summed. */
export async function writeTable(client: Client, table: Table, file?: string): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  const sum = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(undefined, chunk);
    },
  });
  const rows = client.query(copyTo(`COPY ${reference(client, table)} TO STDOUT`));
  const sink = file === undefined ? nowhere() : createWriteStream(file, { mode: 0o600 });
  await pipeline(rows, sum, sink);
  return { rows: rows.rowCount, bytes, sha256: hash.digest('hex') };
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** Puts the rows of `file` in place of those that the table has. */
export async function readTable(client: Client, table: Table, file: string): Promise<void> {
  await client.query(`TRUNCATE ${client.escapeIdentifier(table.name)}`);
  await pipeline(
    createReadStream(file),
    client.query(copyFrom(`COPY ${reference(client, table)} FROM STDIN`)),
  );
}

function reference(client: Client, { name, columns }: Table): string {
  return `${client.escapeIdentifier(name)} (${columns.map((each) => client.escapeIdentifier(each)).join(', ')})`;
}

/** Those that have given out a number. */
export async function sequencesOf(client: Client): Promise<Sequence[]> {
  const { rows } = await client.query<Sequence>(
    `SELECT sequencename AS name, last_value::text AS value FROM pg_sequences
     WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY sequencename`,
  );
  return rows;
}

export async function setSequence(client: Client, { name, value }: Sequence): Promise<void> {
  await client.query('SELECT setval($1::regclass, $2::bigint)', [client.escapeIdentifier(name), value]);
}
