import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { spawnServer, stopLeftOver, untilReady, type StopSignals } from './child-server.ts';
import { endingWithParent } from '../process/death-signal.ts';
import { host, type EmbeddedServer } from './embedded-server.ts';
import { findFreePort } from '../process/ports.ts';
import { canHaveSocket } from './socket-folder.ts';
import { runAs } from './postgres-account.ts';
import { openCluster, superuser } from './postgres-cluster.ts';
import { findPostgresPrograms } from './postgres-program.ts';
import { isAlive, pidIn } from '../process/process-identity.ts';

export interface PostgresOptions {
  /** Its files go to `<dataDir>/postgres`. */
  readonly dataDir: string;
  /** Left out: any free port. */
  readonly port?: number;
  /** Off for tests, where nothing has to survive a crash of the machine. */
  readonly durable?: boolean;
  /** How many there may be at a time; default 100. */
  readonly connections?: number;
  /** Whether it ends when this process is killed. Off only to test what happens when it does not. */
  readonly endWithParent?: boolean;
}

const database = 'trolley';
// SIGINT is PostgreSQL's fast shutdown: it does not wait for clients. SIGQUIT ends it without a checkpoint.
const signals: StopSignals = { graceful: 'SIGINT', forced: 'SIGQUIT' };
const startDeadlineMs = 60_000;
const stopDeadlineMs = 15_000;
const sockets = { prefix: '.s.PGSQL.', longestName: '.s.PGSQL.65535.lock' };

export interface EmbeddedPostgres extends EmbeddedServer {
  /** For this machine: over a Unix socket where there is one. */
  readonly localUrl: string;
}

/** Starts PostgreSQL on the loopback with a database `trolley`, making its files on first use. */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, durable = true, connections = 100 } = options;
  const programs = await findPostgresPrograms();
  const { data, password, account } = await openCluster(dataDir, programs, durable);
  const pidFile = join(data, 'postmaster.pid');
  const leftOver = pidIn(pidFile);
  const stopped = await stopLeftOver(leftOver, data, signals, stopDeadlineMs);
  // PostgreSQL takes any living process with that id for its predecessor and would refuse to start.
  if (!stopped && leftOver !== undefined && isAlive(leftOver)) rmSync(pidFile);

  const port = options.port ?? (await findFreePort());
  const logFile = join(data, '..', 'postgres.log');
  const folder = dirname(data);
  const socketFolder = (await canHaveSocket(folder, sockets)) ? folder : '';
  const set = [
    ...settings(port, connections, durable),
    `unix_socket_directories=${quoted(socketFolder)}`,
    'unix_socket_permissions=0700',
  ];
  const args = ['-D', data, ...set.flatMap((setting) => ['-c', setting])];
  const command = { program: programs.postgres, args, cwd: '/' };
  const server = await spawnServer(
    runAs(account, options.endWithParent === false ? command : endingWithParent(command, 'INT'), [
      programs.postgres,
      data,
    ]),
    logFile,
    signals,
  );
  const url = (name: string) => `postgres://${superuser}:${password}@${host}:${port}/${name}`;
  await untilReady('PostgreSQL', server, logFile, startDeadlineMs, () => answers(url('postgres')));
  const version = await prepareDatabase(url('postgres'));
  return {
    url: url(database),
    localUrl:
      socketFolder === '' ? url(database) : `${url(database)}?host=${encodeURIComponent(socketFolder)}`,
    port,
    version,
    label: `PostgreSQL ${version} on ${host}:${port}`,
    pid: server.pid,
    exited: server.exited,
    stop: (deadlineMs = stopDeadlineMs) => server.stop(deadlineMs),
    kill: () => server.kill(),
  };
}

function settings(port: number, connections: number, durable: boolean): string[] {
  return [
    `port=${port}`,
    `listen_addresses=${host}`,
    `max_connections=${connections}`,
    'shared_buffers=64MB',
    'jit=off',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_checkpoints=off',
    ...(durable ? ['fsync=on'] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
}

/** Of a list with commas between. */
function quoted(path: string): string {
  return path === '' ? '' : `"${path.replaceAll('"', '""')}"`;
}

/** Creates the database where it is missing; returns the server's version. */
async function prepareDatabase(adminUrl: string): Promise<string> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; present: boolean }>(
      `SELECT current_setting('server_version') AS version,
              EXISTS (SELECT FROM pg_database WHERE datname = $1) AS present`,
      [database],
    );
    if (rows[0]?.present !== true) await client.query(`CREATE DATABASE ${database}`);
    return rows[0]?.version ?? '';
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  // A server that is still starting drops the connection; that must not end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    if (isStillStarting(error)) return false;
    throw error;
  }
  await client.end();
  return true;
}

function isStillStarting(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code !== '28P01' && code !== '28000';
}
