import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { chmod, copyFile, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { makeDataFolder, openDataDir, unfinishedRestore } from '../../shop/process/data-dir.ts';
import { startPostgres } from '../../shop/servers/embedded-postgres.ts';
import type { EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import type { Progress } from '../../shop/process/progress.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { runMigrations } from '../../shop/migrations/run-migrations.ts';
import { unknownGaps } from '../reconcile/event-gap.ts';
import type { Findings } from '../reconcile/findings.ts';
import { reconcileAloud } from '../reconcile/reconcile-aloud.ts';
import { summaryOf } from '../reconcile/say-findings.ts';
import { flush } from './flush.ts';
import { gapsIn, readManifest, verifyFiles, type Manifest } from './manifest.ts';
import { openSnapshot } from '../stores/snapshot.ts';
import { readTable, setSequence, writeTable } from './postgres-tables.ts';

export interface RestoreOptions {
  readonly from: string;
  /** A folder that is not there yet, or empty. */
  readonly dataDir: string;
  readonly sessionRetentionMs: number;
  /** Refuse to restore stores that do not agree. */
  readonly strict?: boolean;
  readonly progress: Progress;
}

export interface Restored {
  readonly manifest: Manifest;
  readonly findings: Findings;
}

const notOurs = new Set(['trolley.lock', 'lost+found']);
const migrations = new URL('../../shop/migrations/', import.meta.url);

type PostgresCopy = NonNullable<Manifest['postgres']>;

/**
 * Makes a DATA_DIR of a backup, reads back what it has written, and holds the stores against each other. Where they do
 * not agree it says so: the backup is what there is.
 *
 * It grows in a folder of its own within DATA_DIR, which is there until the last step: a DATA_DIR that has one is not
 * used by anybody, and the next restore begins anew.
 *
 * @throws StartProblem in a sentence; then DATA_DIR is as empty as it was
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { dataDir, progress, strict = false } = options;
  const from = resolve(options.from);
  const manifest = readManifest(from);
  const checkedAt = performance.now();
  await verifyFiles(from, manifest);
  progress.done('the backup is as it was written', performance.now() - checkedAt);
  // Says who has it, when a shop runs on it.
  const held = openDataDir(dataDir, process.pid, 'restore');
  const place = join(held.path, unfinishedRestore);
  const clear = () => {
    for (const name of contentsOf(held.path)) if (name !== unfinishedRestore) remove(join(held.path, name));
    remove(place);
  };
  try {
    if (existsSync(place)) {
      progress.warn('An earlier restore was not finished: beginning anew.');
      clear();
    } else if (contentsOf(held.path).length > 0)
      throw new StartProblem(`${held.path} is not empty. Restore into a new DATA_DIR.`);
    try {
      makeDataFolder(place);
      await flush(held.path);
      for (const { file } of manifest.sqlite)
        await restoreFile(join(from, file), join(place, file), progress);
      const findings = await restorePostgres(from, place, manifest, options);
      if (strict && findings.total > 0)
        throw new StartProblem(`${summaryOf(findings)} With --strict nothing is restored.`);
      for (const name of readdirSync(place)) renameSync(join(place, name), join(held.path, name));
      await flush(held.path);
      rmdirSync(place);
      await flush(held.path);
      return { manifest, findings };
    } catch (error) {
      clear();
      throw error;
    }
  } finally {
    held.release();
  }
}

const contentsOf = (folder: string) => readdirSync(folder).filter((name) => !notOurs.has(name));
/** Again while a PostgreSQL that lost its restore is still about to end. */
const remove = (path: string) =>
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });

async function restoreFile(from: string, to: string, progress: Progress): Promise<void> {
  const startedAt = performance.now();
  await copyFile(from, to);
  await chmod(to, 0o600);
  await flush(to);
  progress.done(basename(to), performance.now() - startedAt);
}

async function restorePostgres(
  from: string,
  place: string,
  manifest: Manifest,
  { progress, sessionRetentionMs }: RestoreOptions,
): Promise<Findings> {
  const { postgres: copy } = manifest;
  const server = copy && (await startPostgres({ dataDir: place }));
  try {
    if (server !== undefined && copy !== undefined) await fillPostgres(server, from, copy, progress);
    const moment = await openSnapshot(place, server?.url);
    try {
      return await reconcileAloud(moment, {
        surroundings: { sessionRetentionMs, ...restored },
        gaps: gapsIn(manifest),
        asOf: Date.parse(manifest.takenAt),
        progress,
      });
    } finally {
      await moment.close();
    }
  } finally {
    await server?.stop();
  }
}

/** The event log is not restored, and carts in MongoDB are elsewhere. */
const restored = { gaps: () => Promise.resolve(unknownGaps), carts: () => undefined };

async function fillPostgres(
  server: EmbeddedServer,
  from: string,
  copy: PostgresCopy,
  progress: Progress,
): Promise<void> {
  const [taken, here] = [copy.version, server.version].map(Number.parseFloat);
  if (taken !== undefined && here !== undefined && Math.floor(taken) > Math.floor(here))
    throw new StartProblem(
      `The backup was taken of PostgreSQL ${copy.version}, and this is ${server.version}: use a newer program.`,
    );
  await makeTables(server.url, copy);
  const client = new Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await fillTables(client, from, copy, progress);
  } finally {
    await client.end();
  }
}

/** As the program made them that the backup was taken of; what is newer is applied by the next start. */
async function makeTables(url: string, copy: PostgresCopy): Promise<void> {
  const folder = temporaryFolder('restore');
  try {
    for (const { name, checksum } of copy.migrations) {
      const source = new URL(name, migrations);
      const sql = existsSync(source) ? await readFile(source) : undefined;
      if (sql === undefined || createHash('sha256').update(sql).digest('hex') !== checksum)
        throw new StartProblem(
          `This program has no migration ${name} as the backup knows it: use a newer one.`,
        );
      await copyFile(source, join(folder, name));
    }
    await runMigrations(url, () => undefined, pathToFileURL(`${folder}/`));
  } finally {
    removeTemporaryFolder(folder);
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
