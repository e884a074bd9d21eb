import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { openDataDir } from '../infra/data-dir.ts';
import { startPostgres } from '../infra/embedded-postgres.ts';
import type { Progress } from '../infra/progress.ts';
import { StartProblem } from '../infra/start-problem.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { readManifest, verifyFiles, type Manifest } from './manifest.ts';
import { openMoment } from './moment.ts';
import { readTable, setSequence, writeTable } from './postgres-tables.ts';
import { reconcile, type Mismatch } from './reconcile.ts';

export interface RestoreOptions {
  readonly from: string;
  /** A folder that is not there yet, or empty. */
  readonly dataDir: string;
  readonly progress: Progress;
}

export interface Restored {
  readonly manifest: Manifest;
  readonly mismatches: readonly Mismatch[];
}

/** Where it grows; a start does not look there. */
const growing = '.restoring';
const notOurs = new Set(['trolley.lock', 'lost+found', growing]);
const migrations = new URL('../migrations/', import.meta.url);

type PostgresCopy = NonNullable<Manifest['postgres']>;

/**
 * Makes a DATA_DIR of a backup, reads back what it has written, and holds the stores against each other.
 *
 * @throws StartProblem in a sentence; then DATA_DIR is as empty as it was
 */
export async function restoreBackup({ from, dataDir, progress }: RestoreOptions): Promise<Restored> {
  const folder = resolve(from);
  const manifest = readManifest(folder);
  const checkedAt = performance.now();
  await verifyFiles(folder, manifest);
  progress.done('the backup is as it was written', performance.now() - checkedAt);
  // Says who has it, when a shop runs on it.
  const held = openDataDir(dataDir);
  const place = join(held.path, growing);
  try {
    if (readdirSync(held.path).some((name) => !notOurs.has(name)))
      throw new StartProblem(`${held.path} is not empty. Restore into a new DATA_DIR.`);
    rmSync(place, { recursive: true, force: true });
    // As openDataDir makes DATA_DIR itself: under root, PostgreSQL's own user must pass through.
    mkdirSync(place, { mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    restoreFiles(folder, place, manifest, progress);
    const mismatches = await restorePostgres(folder, place, manifest.postgres, progress);
    for (const name of readdirSync(place)) renameSync(join(place, name), join(held.path, name));
    return { manifest, mismatches };
  } finally {
    rmSync(place, { recursive: true, force: true });
    held.release();
  }
}

function restoreFiles(from: string, to: string, { sqlite }: Manifest, progress: Progress): void {
  for (const { file } of sqlite) {
    const startedAt = performance.now();
    copyFileSync(join(from, file), join(to, file));
    const database = new Database(join(to, file));
    try {
      const faults = database.pragma('integrity_check', { simple: true });
      const orphans = database.pragma('foreign_key_check') as unknown[];
      if (faults !== 'ok' || orphans.length > 0)
        throw new StartProblem(`${file} of the backup is not sound: ${String(faults)}`);
    } finally {
      database.close();
    }
    progress.done(file, performance.now() - startedAt);
  }
}

async function restorePostgres(
  from: string,
  place: string,
  copy: PostgresCopy | undefined,
  progress: Progress,
): Promise<Mismatch[]> {
  if (copy === undefined) return [];
  const server = await startPostgres({ dataDir: place });
  try {
    await makeTables(server.url, copy);
    const client = new Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await fillTables(client, from, copy, progress);
    } finally {
      await client.end();
    }
    const moment = await openMoment(place, server.url);
    try {
      return await reconcile(moment);
    } finally {
      await moment.close();
    }
  } finally {
    await server.stop();
  }
}

/** As the program made them that the backup was taken of; what is newer is applied by the next start. */
async function makeTables(url: string, copy: PostgresCopy): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trolley-restore-'));
  try {
    for (const { name, checksum } of copy.migrations) {
      const source = new URL(name, migrations);
      const sql = await readFile(source).catch(() => undefined);
      if (sql === undefined || createHash('sha256').update(sql).digest('hex') !== checksum)
        throw new StartProblem(
          `This program has no migration ${name} as the backup knows it: use a newer one.`,
        );
      await copyFile(source, join(folder, name));
    }
    await runMigrations(url, () => undefined, pathToFileURL(`${folder}/`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All tables or none; then they are read again and compared with the backup, byte by byte. */
async function fillTables(
  client: Client,
  from: string,
  { tables, sequences }: PostgresCopy,
  progress: Progress,
): Promise<void> {
  await client.query('SET datestyle = ISO');
  await client.query(`SET timezone = 'UTC'`);
  await client.query('BEGIN');
  for (const table of tables) {
    const startedAt = performance.now();
    await readTable(client, table, join(from, table.file));
    progress.done(`${table.name}, ${table.rows} rows`, performance.now() - startedAt);
  }
  for (const sequence of sequences) await setSequence(client, sequence);
  await client.query('COMMIT');
  const comparedAt = performance.now();
  for (const table of tables) {
    const { rows, sha256 } = await writeTable(client, table);
    if (rows !== table.rows || sha256 !== table.sha256)
      throw new StartProblem(`${table.name} did not come out of PostgreSQL as it went in.`);
  }
  progress.done('PostgreSQL gives back what the backup holds', performance.now() - comparedAt);
  await client.query('ANALYZE');
}
