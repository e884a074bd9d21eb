import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

/** Names the lock that keeps two processes from migrating at once. */
const lockId = 7_261_001;
const lockTimeoutMs = 60_000;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the schema of a database up to date: the `.sql` files beside this one, in the order of their names,
 * each in a transaction of its own. Processes that start together wait for one another.
 *
 * @param log gets a line for each migration applied
 * @returns the names of the migrations applied now
 * @throws Error when the database is newer than this program, an applied file was changed since, a migration
 *   fails, or the lock can't be had within a minute
 */
export async function runMigrations(
  url: string,
  log: (line: string) => void = () => {},
  directory: URL = new URL('.', import.meta.url),
): Promise<readonly string[]> {
  const migrations = await readMigrations(directory);
  const client = new pg.Client({
    connectionString: url,
    application_name: 'trolley-migrations',
    connectionTimeoutMillis: 10_000,
    lock_timeout: lockTimeoutMs,
  });
  // A connection that breaks also fails the statement under way, which is what tells the caller.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lockId]);
    return await applyPending(client, migrations, log);
  } finally {
    // Ends the lock too.
    await client.end();
  }
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
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM schema_migrations ORDER BY name',
  );
  const applied = new Map(rows.map((row) => [row.name, row.checksum]));
  refuseMismatch(applied, migrations);
  const pending = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of pending) {
    await apply(client, migration);
    log(`applied migration ${migration.name}`);
  }
  return pending.map(({ name }) => name);
}

function refuseMismatch(applied: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of applied) {
    if (!known.has(name)) {
      throw new Error(`the database is newer than this program: it has the migration ${name}`);
    }
    if (known.get(name) !== checksum) {
      throw new Error(`the migration ${name} was changed after it had been applied to this database`);
    }
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query('INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)', [name, checksum]);
    await client.query('COMMIT');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the migration ${name} failed: ${reason}`, { cause });
  }
}

async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, directory), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}
