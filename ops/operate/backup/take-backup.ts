import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '@trolley/runtime/adapters';
import type { Progress } from '../../shop/process/progress.ts';
import { asStartProblem, StartProblem } from '../../shop/process/start-problem.ts';
import type { EventGaps } from '../reconcile/event-gap.ts';
import type { Findings } from '../reconcile/findings.ts';
import { reconcileAloud } from '../reconcile/reconcile-aloud.ts';
import { summaryOf } from '../reconcile/say-findings.ts';
import type { Surroundings } from '../reconcile/surroundings.ts';
import { flush } from './flush.ts';
import { manifestFile, keptGaps, sha256Of, type Manifest } from './manifest.ts';
import { openSnapshot, type Snapshot, type PostgresSnapshot, type SqliteFile } from '../stores/snapshot.ts';
import { sequencesOf, tablesOf, writeTable } from './postgres-tables.ts';
import { reachPostgres } from '../stores/running-postgres.ts';

export interface BackupOptions {
  readonly dataDir: string;
  /** POSTGRES_URL. */
  readonly postgresUrl: string | undefined;
  /** Whether carts are in MongoDB. */
  readonly mongo: boolean;
  /** A folder that is not there yet, or empty. */
  readonly to: string;
  readonly surroundings: Surroundings;
  /** Refuse to write a backup of stores that do not agree. */
  readonly strict?: boolean;
  readonly now: () => number;
  readonly progress: Progress;
}

export interface Backup {
  readonly manifest: Manifest;
  readonly findings: Findings;
}

/** Pages of SQLite copied between two looks at the event loop. */
const pagesAtOnce = 4_096;

/**
 * Copies what a shop keeps under DATA_DIR, of one moment, while it runs or not.
 *
 * @throws StartProblem in a sentence; then `to` is as it was
 */
export async function takeBackup(options: BackupOptions): Promise<Backup> {
  const { dataDir, postgresUrl, progress, surroundings, now } = options;
  const to = resolve(options.to);
  assertFree(to);
  const postgres = await reachPostgres(dataDir, postgresUrl);
  const draft = `${to}.partial`;
  try {
    const gaps = await surroundings.gaps(postgres?.idle ?? false);
    const moment = await openSnapshot(dataDir, postgres?.url);
    try {
      if (moment.files.length === 0 && (postgres === undefined || postgresUrl !== undefined))
        throw new StartProblem(`${dataDir} holds nothing to back up.`);
      const { heldMs } = moment.postgres ?? {};
      if (heldMs !== undefined) progress.say(`  checkouts waited for ${heldMs.toFixed(0)} ms`);
      const examine = () => reconcileAloud(moment, { surroundings, gaps, asOf: now(), progress });
      const before = options.strict === true ? await examine() : undefined;
      if (before !== undefined && before.total > 0)
        throw new StartProblem(`${summaryOf(before)} With --strict nothing is written.`);
      makeDraft(draft, to);
      const manifest = await write(moment, draft, gaps, options);
      renameSync(draft, to);
      await flush(dirname(to));
      return { manifest, findings: before ?? (await examine()) };
    } finally {
      await moment.close();
    }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  } finally {
    await postgres?.close();
  }
}

/** @throws StartProblem when something is in the way there */
function assertFree(to: string): void {
  if (!existsSync(to)) return;
  if (!statSync(to).isDirectory())
    throw new StartProblem(`${to} is no folder. A backup goes into one of its own.`);
  if (readdirSync(to).length > 0)
    throw new StartProblem(`${to} is not empty. A backup goes into a folder of its own.`);
}

/** @throws StartProblem when there can be no folder at that place */
function makeDraft(draft: string, to: string): void {
  try {
    rmSync(draft, { recursive: true, force: true });
    makeFolder(draft);
  } catch (error) {
    throw asStartProblem(`${to} can't be made`, error);
  }
}

async function write(
  moment: Snapshot,
  folder: string,
  gaps: EventGaps,
  { postgresUrl, mongo, now, progress }: BackupOptions,
): Promise<Manifest> {
  const takenAt = new Date(now()).toISOString();
  const sqlite: Manifest['sqlite'] = [];
  for (const file of moment.files) sqlite.push(await copyFile(file, folder, progress));
  const elsewhere: Manifest['elsewhere'] = mongo ? [{ store: 'MongoDB' }] : [];
  let postgres: Manifest['postgres'];
  if (moment.postgres !== undefined) {
    if (postgresUrl === undefined) postgres = await copyTables(moment.postgres, folder, progress);
    else elsewhere.push({ store: 'PostgreSQL', position: moment.postgres.lsn });
  }
  const versions = { node: process.versions.node, ...sqliteVersion(moment.files) };
  const manifest: Manifest = {
    ...{ format: 1, takenAt, versions, sqlite, postgres, elsewhere },
    gaps: keptGaps(gaps),
  };
  writeFileSync(join(folder, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  for (const name of readdirSync(folder)) await flush(join(folder, name));
  await flush(folder);
  return manifest;
}

function sqliteVersion([first]: readonly SqliteFile[]): Record<string, string> {
  const row = first?.database.prepare<[], { sqlite: string }>('SELECT sqlite_version() AS sqlite').get();
  return row === undefined ? {} : { sqlite: row.sqlite };
}

/** By SQLite's own backup, from within the transaction that reads as of the moment. */
async function copyFile(
  { name, database }: SqliteFile,
  folder: string,
  progress: Progress,
): Promise<Manifest['sqlite'][number]> {
  const startedAt = performance.now();
  const path = join(folder, name);
  await database.backup(path, { progress: () => pagesAtOnce });
  const { size: bytes } = statSync(path);
  progress.done(`${name}, ${inMegabytes(bytes)}`, performance.now() - startedAt);
  const schema = Number(database.pragma('user_version', { simple: true }));
  return { file: name, schema, bytes, sha256: await sha256Of(path) };
}

async function copyTables(
  { client, version, heldMs }: PostgresSnapshot,
  folder: string,
  progress: Progress,
): Promise<NonNullable<Manifest['postgres']>> {
  const tables = [];
  for (const table of await tablesOf(client)) {
    const startedAt = performance.now();
    const file = `postgres.${table.name}.copy`;
    const written = await writeTable(client, table, join(folder, file));
    const { rows, bytes } = written;
    progress.done(`${table.name}, ${rows} rows, ${inMegabytes(bytes)}`, performance.now() - startedAt);
    tables.push({ ...table, columns: [...table.columns], file, ...written });
  }
  const { rows: migrations } = await client.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM schema_migrations ORDER BY name',
  );
  return { version, heldMs, migrations, tables, sequences: await sequencesOf(client) };
}

const inMegabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
