import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { pause, systemClock } from '@trolley/runtime';
import { openPostgresClient, schemaIn } from '@trolley/runtime/postgres';
import { contractionIn, isMarkedContraction } from './contraction.ts';

/** Names the lock that keeps two processes from migrating at once. */
const lockId = 7_261_001;
/** How long to wait for others who migrate. */
const turnTimeoutMs = 60_000;
/** Whoever waits for a table makes everybody behind it wait, too: rather give way and come again. */
const tableTimeoutMs = 2_000;
const tableAttempts = 15;
const lockNotAvailable = '55P03';

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  /** Whether programs from before it can't do with what it leaves. */
  readonly contract: boolean;
}

/**
 * Brings the schema of a database up to date: the `.sql` files beside this one, in the order of their names,
 * each in a transaction of its own. Processes that start together wait for one another. See README.md for the rule
 * by which programs of two versions share a database.
 *
 * @param log gets a line for each migration applied
 * @returns the names of the migrations applied now
 * @throws Error when a later program took away what this one needs, an applied file was changed since, a migration
 *   fails or takes something away without saying so, or a lock can't be had
 */
export async function runMigrations(
  url: string,
  log: (line: string) => void = () => {},
  directory: URL = new URL('.', import.meta.url),
): Promise<readonly string[]> {
  const migrations = await readMigrations(directory);
  const client = await openPostgresClient(url, {
    applicationName: 'trolley-migrations',
    // An index on a large table may take longer than what the server grants to others.
    statementTimeoutMs: 0,
    // Who waits for its turn or for a table is not silent.
    idleSessionMs: 60_000,
  });
  try {
    await refuseElsewhere(client, url);
    await client.query(`SET lock_timeout = ${turnTimeoutMs}`);
    await client.query('SELECT pg_advisory_lock($1)', [lockId]);
    await client.query(`SET lock_timeout = ${tableTimeoutMs}`);
    return await applyPending(client, migrations, log);
  } finally {
    // Ends the lock too.
    await client.end();
  }
}

/** Where the server's settings led to another schema until now, the shop would begin anew with nothing in it. */
async function refuseElsewhere(client: pg.Client, url: string): Promise<void> {
  if (schemaIn(url) !== undefined) return;
  const { rows } = await client.query<{ schema: string }>(
    `SELECT schemaname AS schema FROM pg_tables AS outbox JOIN pg_tables AS own USING (schemaname)
     WHERE outbox.tablename = 'outbox_events' AND own.tablename = 'schema_migrations'
       AND to_regclass('schema_migrations') IS NULL`,
  );
  const [found] = rows;
  if (found === undefined) return;
  throw new Error(
    `this database has the tables of a shop in the schema "${found.schema}": add ?schema=${encodeURIComponent(found.schema)} to its address, or ?schema=public to begin another`,
  );
}

async function applyPending(
  client: pg.Client,
  migrations: readonly Migration[],
  log: (line: string) => void,
): Promise<readonly string[]> {
  await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY,
    checksum TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
  )`);
  await client.query(
    'ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS contract BOOLEAN NOT NULL DEFAULT false',
  );
  const { rows: applied } = await client.query<Applied>(
    'SELECT name, checksum, contract FROM schema_migrations ORDER BY name',
  );
  refuseMismatch(applied, migrations);
  const names = new Set(applied.map(({ name }) => name));
  const pending = migrations.filter(({ name }) => !names.has(name));
  for (const migration of pending) {
    await apply(client, migration);
    log(`applied migration ${migration.name}`);
  }
  return pending.map(({ name }) => name);
}

type Applied = Pick<Migration, 'name' | 'checksum' | 'contract'>;

/** What a later program has added is no harm to this one. */
function refuseMismatch(applied: readonly Applied[], migrations: readonly Migration[]): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const { name, checksum, contract } of applied) {
    if (!known.has(name) && contract) {
      throw new Error(
        `the database is newer than this program: the migration ${name} took away what it may need`,
      );
    }
    if (known.has(name) && known.get(name) !== checksum) {
      throw new Error(`the migration ${name} was changed after it had been applied to this database`);
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyOnce(client, migration);
    } catch (cause) {
      // Where the connection is lost, the server has undone it.
      await client.query('ROLLBACK').catch(() => undefined);
      const locked = (cause as { code?: string }).code === lockNotAvailable;
      if (locked && attempt < tableAttempts) {
        await pause(systemClock, 1_000);
        continue;
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`the migration ${migration.name} failed: ${reason}`, { cause });
    }
  }
}

async function applyOnce(client: pg.Client, { name, sql, checksum, contract }: Migration): Promise<void> {
  await client.query('BEGIN');
  await client.query(sql);
  await client.query('INSERT INTO schema_migrations (name, checksum, contract) VALUES ($1, $2, $3)', [
    name,
    checksum,
    contract,
  ]);
  await client.query('COMMIT');
}

async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, directory), 'utf8');
      const contract = isMarkedContraction(sql);
      const taken = contractionIn(sql);
      if (taken !== undefined && !contract) {
        throw new Error(
          `the migration ${name} takes something away (${taken}) and does not say why it may: see ops/shop/migrations/README.md`,
        );
      }
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex'), contract };
    }),
  );
}
