import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertRestored, DataDirTaken, openDataDir } from '../../shop/process/data-dir.ts';
import { isAlive, pidIn } from '../../shop/process/process-identity.ts';
import { startPostgres } from '../../shop/servers/embedded-postgres.ts';
import { host } from '../../shop/servers/embedded-server.ts';
import { superuser } from '../../shop/servers/postgres-cluster.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

/** The PostgreSQL that a DATA_DIR's shop uses. */
export interface ReachedPostgres {
  readonly url: string;
  /** No shop runs on DATA_DIR, and none can start until `close`. */
  readonly idle: boolean;
  /** Stops it where it was started for this. */
  close(): Promise<void>;
}

/**
 * The PostgreSQL under DATA_DIR: the running shop's, else one started for as long as it is needed, and then DATA_DIR is
 * held meanwhile. Without one there: that of `configuredUrl`. Undefined: this DATA_DIR goes with no PostgreSQL.
 *
 * @throws StartProblem when there is no such folder
 */
export async function reachPostgres(
  dataDir: string,
  configuredUrl: string | undefined,
): Promise<ReachedPostgres | undefined> {
  if (!existsSync(dataDir)) throw new StartProblem(`There is no DATA_DIR ${dataDir}.`);
  assertRestored(dataDir);
  if (configuredUrl !== undefined) return { url: configuredUrl, idle: false, close: () => Promise.resolve() };
  if (!existsSync(join(dataDir, 'postgres', 'data'))) return undefined;
  const held = holdIfIdle(dataDir);
  if (held === undefined) return { url: urlOfRunning(dataDir), idle: false, close: () => Promise.resolve() };
  try {
    const server = await startPostgres({ dataDir: held.path });
    return {
      url: server.url,
      idle: true,
      async close() {
        await server.stop();
        held.release();
      },
    };
  } catch (error) {
    held.release();
    throw error;
  }
}

/**
 * That of the shop that runs on DATA_DIR.
 * @throws StartProblem when there is none
 */
export function runningPostgresUrl(dataDir: string): string {
  const pid = pidIn(join(dataDir, 'postgres', 'data', 'postmaster.pid'));
  if (pid !== undefined && isAlive(pid)) return urlOfRunning(dataDir);
  throw new StartProblem(
    `No shop with a PostgreSQL of its own runs on ${dataDir}. Set DATA_DIR to that of a running shop, or POSTGRES_URL.`,
  );
}

/** Undefined: a shop runs on it. */
function holdIfIdle(dataDir: string) {
  try {
    return openDataDir(dataDir);
  } catch (error) {
    if (error instanceof DataDirTaken) return undefined;
    throw error;
  }
}

function urlOfRunning(dataDir: string): string {
  try {
    const password = readFileSync(join(dataDir, 'postgres', 'password'), 'utf8').trim();
    // The fourth line of a running server's file is its port.
    const pidFile = readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8');
    return `postgres://${superuser}:${password}@${host}:${Number(pidFile.split('\n')[3])}/trolley`;
  } catch (cause) {
    throw new StartProblem(`The shop on ${dataDir} is starting or stopping. Try again when it has done so.`, {
      cause,
    });
  }
}
