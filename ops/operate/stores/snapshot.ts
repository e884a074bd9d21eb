import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Client } from 'pg';
import { pause, systemClock } from '@trolley/runtime';
import { openPostgresClient } from '@trolley/runtime/postgres';
import { type SqliteDatabase, sqliteProblem } from '@trolley/runtime/sqlite';
import { StartProblem } from '../../shop/process/start-problem.ts';

export interface SqliteFile {
  /** `carts.sqlite` */
  readonly name: string;
  /** Reads as of the moment. */
  readonly database: SqliteDatabase;
}

/**
 * All stores as they were at one moment. Nobody writes a checkout or an order while the moment is taken, so whatever a
 * service has done by then, PostgreSQL had wanted before, and whatever PostgreSQL knows to be done, the service has.
 */
export interface Snapshot {
  readonly files: readonly SqliteFile[];
  readonly postgres: PostgresSnapshot | undefined;
  close(): Promise<void>;
}

export interface PostgresSnapshot {
  /** Reads as of the moment. */
  readonly client: Client;
  /** Reads what is there now. */
  readonly present: Client;
  readonly version: string;
  /** Where the moment lies in the server's log: what recovery to a point in time aims at. */
  readonly lsn: string;
  /** How long writes of checkouts and orders waited. */
  readonly heldMs: number;
}

/** Whoever waits for a table makes everybody behind it wait, too: rather give way and come again. */
const tableTimeoutMs = 1_000;
const tableAttempts = 20;
const lockNotAvailable = '55P03';
const writtenBySagas = ['checkout_sessions', 'orders'];

/**
 * Opens the SQLite files of a folder and, where there is one, PostgreSQL, all at one moment. They may be in use.
 *
 * @throws StartProblem when checkouts can't be held still, or have no tables yet
 */
export async function openSnapshot(folder: string, postgresUrl: string | undefined): Promise<Snapshot> {
  const files: SqliteFile[] = [];
  const clients: Client[] = [];
  async function close(): Promise<void> {
    for (const { database } of files) database.close();
    await Promise.all(clients.map((client) => client.end()));
  }
  try {
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.sqlite')))
      files.push({ name, database: openFile(join(folder, name)) });
    if (postgresUrl === undefined) {
      for (const file of files) beginReading(file);
      return { files, postgres: undefined, close };
    }
    const reader = await connect(postgresUrl, clients);
    const writer = await connect(postgresUrl, clients);
    await assertTables(reader);
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await holdStill(writer);
    const heldAt = performance.now();
    const { rows } = await reader.query<{ version: string; lsn: string }>(
      `SELECT current_setting('server_version') AS version, pg_current_wal_insert_lsn()::text AS lsn`,
    );
    for (const file of files) beginReading(file);
    await writer.query('COMMIT');
    const { version = '', lsn = '' } = rows[0] ?? {};
    return {
      files,
      postgres: { client: reader, present: writer, version, lsn, heldMs: performance.now() - heldAt },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function openFile(path: string): SqliteDatabase {
  try {
    return new Database(path, { readonly: true });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A transaction sees from its first read on what was committed by then. */
function beginReading({ database }: SqliteFile): void {
  try {
    database.exec('BEGIN');
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (cause) {
    throw unreadable(database.name, cause);
  }
}

function unreadable(path: string, cause: unknown): StartProblem {
  const { message } = sqliteProblem(path, cause) ?? {
    message: `${path} can't be read: ${(cause as Error).message}.`,
  };
  return new StartProblem(message, { cause });
}

async function connect(url: string, opened: Client[]): Promise<Client> {
  try {
    const client = await openPostgresClient(url, {
      applicationName: 'trolley-backup',
      // Large tables take longer than what the server grants to others.
      statementTimeoutMs: 0,
      idleInTransactionMs: 0,
    });
    opened.push(client);
    return client;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartProblem(`PostgreSQL can't be reached: ${reason}`, { cause });
  }
}

async function assertTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ missing: string }>(
    'SELECT name AS missing FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL',
    [writtenBySagas],
  );
  if (rows.length === 0) return;
  const missing = rows.map((row) => row.missing).join(' and ');
  throw new StartProblem(`PostgreSQL has no ${missing} yet: no shop has ever started on it.`);
}

/** Waits until nobody writes a checkout or an order, and keeps it so until the transaction ends. Reads go on. */
export async function holdStill(writer: Client): Promise<void> {
  await writer.query(`SET lock_timeout = ${tableTimeoutMs}`);
  for (let attempt = 1; ; attempt++) {
    try {
      await writer.query('BEGIN');
      await writer.query(`LOCK TABLE ${writtenBySagas.join(', ')} IN EXCLUSIVE MODE`);
      return;
    } catch (cause) {
      await writer.query('ROLLBACK').catch(() => undefined);
      if ((cause as { code?: string }).code !== lockNotAvailable) throw cause;
      if (attempt === tableAttempts) {
        const sentence = 'Checkouts could not be held still: somebody holds their tables for long.';
        throw new StartProblem(sentence, { cause });
      }
      await pause(systemClock, 500);
    }
  }
}
