import type { Statement } from 'better-sqlite3';
import { ActorError } from '../../define/errors.ts';
import { runtimeJson } from '../record-json.ts';
import {
  decodeRecord,
  versionOf,
  type ActorRecord,
  type ArchivePage,
  type StateStore,
  type StateWrite,
  type StoredActor,
} from '../state-store.ts';
import { createFileCheck } from './sqlite-check.ts';
import { openSqlite, type SqliteDatabase } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-errors.ts';
import { whenUnlocked, type LockWait } from './sqlite-lock.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { flushFound } from './write-ahead-log.ts';
import type { SqliteStatement } from './writer-thread.ts';

export interface SqliteStateStoreOptions extends LockWait {
  /** Path of the database file; one file holds one actor type. */
  readonly file: string;
  /** The contract's type; it names the table. */
  readonly actorType: string;
}

interface Row {
  readonly version: number;
  readonly updated_at: number;
  readonly state: string;
  readonly runtime: string;
  readonly archive: string | null;
}

const tableOf = (table: string) => `
  CREATE TABLE ${table} (
    key TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    runtime TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX ${table}_updated ON ${table} (updated_at);
  CREATE INDEX ${table}_unfinished ON ${table} (updated_at) WHERE json_array_length(runtime, '$.effects') > 0;`;

/** When the first effect or reminder of a record is due; NULL where there is none. */
const firstDue = `json_extract(runtime, '$.effects[0].notBefore')`;

const dueIndexOf = (table: string) => `
  CREATE INDEX ${table}_due ON ${table} (${firstDue}) WHERE ${firstDue} IS NOT NULL;
  DROP INDEX ${table}_unfinished;`;

/** In a column: an index over JSON reads the whole of it with each write, twice. */
const dueColumnOf = (table: string) => `
  ALTER TABLE ${table} ADD COLUMN due_at INTEGER;
  UPDATE ${table} SET due_at = CAST(${firstDue} AS INTEGER) WHERE ${firstDue} IS NOT NULL;
  DROP INDEX ${table}_due;
  CREATE INDEX ${table}_due_at ON ${table} (due_at) WHERE due_at IS NOT NULL;`;

/** In a table of its own: a row of SQLite is written as a whole. */
const archiveOf = (table: string) => `
  CREATE TABLE ${table}_archive (key TEXT PRIMARY KEY NOT NULL, pages TEXT NOT NULL) STRICT;
  CREATE TRIGGER ${table}_gone AFTER DELETE ON ${table} BEGIN
    DELETE FROM ${table}_archive WHERE key = OLD.key;
  END;`;

/** What changes the table and its archive. */
const changesOf = (table: string) => ({
  insert: `INSERT INTO ${table} (key, version, state, runtime, due_at, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
  update: `UPDATE ${table} SET version = version + 1, state = ?, runtime = ?, due_at = ?, updated_at = ?
    WHERE key = ? AND version = ?`,
  putArchive: `INSERT OR REPLACE INTO ${table}_archive (key, pages) VALUES (?, ?)`,
  dropArchive: `DELETE FROM ${table}_archive WHERE key = ?`,
  remove: `DELETE FROM ${table} WHERE key = ? AND version = ?`,
  removeUntouched: `DELETE FROM ${table} WHERE key IN (
    SELECT key FROM ${table} WHERE updated_at < ? AND due_at IS NULL ORDER BY updated_at LIMIT ?)`,
});

/**
 * The store of record of one actor type in a SQLite file. It is written by a thread of its own: writes of the same
 * moment share one flush to disk. It has no outbox: a write with events is refused with `internal`.
 */
export class SqliteStateStore implements StateStore {
  /** Reads what is on disk. */
  readonly #database: SqliteDatabase;
  readonly #writer: SqliteWriter;
  readonly #wait: LockWait;
  readonly #changes: ReturnType<typeof changesOf>;
  readonly #load: Statement<[string], Row>;
  readonly #unfinished: Statement<[number, number], { key: string }>;
  readonly #unfinishedOrAhead: Statement<[number, number, number], { key: string }>;
  /** Rejects when the file takes no more writes. */
  readonly check: () => Promise<void>;

  private constructor(database: SqliteDatabase, table: string, wait: LockWait) {
    this.#database = database;
    this.#writer = new SqliteWriter(database.name, wait);
    this.#wait = wait;
    this.check = createFileCheck(database, (sql) => this.#writer.run([[sql]]));
    this.#changes = changesOf(table);
    this.#load =
      database.prepare(`SELECT version, updated_at, state, runtime, pages AS archive FROM ${table} LEFT JOIN ${table}_archive USING (key)
       WHERE key = ?`);
    this.#unfinished = database.prepare(
      `SELECT key FROM ${table} WHERE due_at IS NOT NULL AND due_at < ?
       ORDER BY due_at LIMIT ?`,
    );
    this.#unfinishedOrAhead = database.prepare(
      `SELECT key FROM ${table} WHERE due_at IS NOT NULL AND (due_at < ? OR updated_at > ?)
       ORDER BY due_at LIMIT ?`,
    );
  }

  /** Opens the file, which is made when it is not there. */
  static async open({ file, actorType, ...wait }: SqliteStateStoreOptions): Promise<SqliteStateStore> {
    if (!/^[a-z][a-z0-9-]*$/.test(actorType)) throw new TypeError(`not an actor type: '${actorType}'`);
    const table = `actor_${actorType.replaceAll('-', '_')}`;
    const migrations = [tableOf(table), dueIndexOf(table), archiveOf(table), dueColumnOf(table)];
    const database = await openSqlite({ file, migrations, ...wait });
    // The version of the schema is the file's, so its tables are those of the first type that opened it.
    if (database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ?`).get(table) === undefined) {
      database.close();
      throw new ActorError(
        'internal',
        `${file} holds actors of another type than '${actorType}': each type needs a file`,
      );
    }
    flushFound(database);
    return new SqliteStateStore(database, table, wait);
  }

  async load(key: string): Promise<StoredActor | undefined> {
    const row = await this.#read(() => this.#load.get(key));
    if (row === undefined) return undefined;
    const { version, updated_at: updatedAt, runtime, archive, state } = row;
    const record = decodeRecord(key, {
      runtime: () => JSON.parse(runtime) as ActorRecord,
      archive: () => (archive === null ? undefined : (JSON.parse(archive) as readonly ArchivePage[])),
      state: () => JSON.parse(state) as unknown,
    });
    return { version, updatedAt, record };
  }

  async write(write: StateWrite): Promise<boolean> {
    const { key, expectedVersion, record, events, now } = write;
    if (events.length > 0)
      throw new ActorError('internal', `${key}: a SQLite store has no outbox for events`);
    const { insert, update, remove, putArchive, dropArchive } = this.#changes;
    if (write.removes === true) return (await this.#writer.run([[remove, key, expectedVersion]])) === 1;
    const due = record.effects[0]?.notBefore;
    const dueAt = due === undefined ? null : Math.floor(due);
    const [state, runtime] = [JSON.stringify(record.state), runtimeJson(record)];
    const row: SqliteStatement =
      expectedVersion === 0
        ? [insert, key, versionOf(write), state, runtime, dueAt, now, now]
        : [update, state, runtime, dueAt, now, key, expectedVersion];
    if (write.keepsArchive === true) return (await this.#writer.run([row])) === 1;
    const { archive } = record;
    const archived: SqliteStatement =
      archive === undefined ? [dropArchive, key] : [putArchive, key, JSON.stringify(archive)];
    return (await this.#writer.run([row, archived])) === 1;
  }

  /**
   * Removes at most `limit` actors that were last written before `untouchedSince` (milliseconds since the
   * epoch) and have nothing left to do. Returns how many. An activation that still holds one of them finds out
   * with its next write.
   */
  removeUntouchedSince(untouchedSince: number, limit: number): Promise<number> {
    return this.#writer.run([[this.#changes.removeUntouched, untouchedSince, limit]]);
  }

  async unfinished(dueBefore: number, limit: number, writtenAfter?: number): Promise<string[]> {
    const rows = await this.#read(() =>
      writtenAfter === undefined
        ? this.#unfinished.all(dueBefore, limit)
        : this.#unfinishedOrAhead.all(dueBefore, writtenAfter, limit),
    );
    return rows.map(({ key }) => key);
  }

  async #read<T>(look: () => T): Promise<T> {
    try {
      return await whenUnlocked(this.#database.name, this.#wait, look);
    } catch (error) {
      throw sqliteFailure(this.#database.name, error);
    }
  }

  /** Writes what waits and closes the file. Later writes are refused with `unavailable`. */
  async close(): Promise<void> {
    await this.#writer.close();
    // Last, so that no log is left behind.
    this.#database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
