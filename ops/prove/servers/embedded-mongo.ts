import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@trolley/runtime/adapters';
import { spawnServer, stopLeftOver, untilReady, type StopSignals } from '../../shop/servers/child-server.ts';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { host, type EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import { findMongod } from './mongo-program.ts';
import { findFreePort, isListening } from '../../shop/process/ports.ts';
import { pidIn } from '../../shop/process/process-identity.ts';

export interface MongoOptions {
  /** Its files go to `<dataDir>/mongo`. */
  readonly dataDir: string;
  /** PATH, to find the program, or what fetches it. */
  readonly searchPath: string;
  /** Left out: any free port. */
  readonly port?: number;
  /** Told when the program has to be fetched. */
  readonly say: (line: string) => void;
  /** More of mongod's own arguments. */
  readonly args?: readonly string[];
}

const signals: StopSignals = { graceful: 'SIGTERM', forced: 'SIGKILL' };
const startDeadlineMs = 60_000;
const stopDeadlineMs = 20_000;

/**
 * Starts MongoDB on the loopback, one server without replicas. For tests: it is small, and looks for what is over
 * its time every second instead of every minute.
 */
export async function startMongo(options: MongoOptions): Promise<EmbeddedServer> {
  const folder = join(options.dataDir, 'mongo');
  makeFolder(folder);
  const dir = realpathSync(folder);
  const program = await findMongod(options.searchPath, options.say);
  // It holds the process id, and is empty when the server has ended in order.
  await stopLeftOver(pidIn(join(dir, 'mongod.lock')), dir, signals, stopDeadlineMs);

  const port = options.port ?? (await findFreePort());
  const logFile = join(dir, 'mongod.log');
  const place = ['--dbpath', dir, '--port', String(port), '--bind_ip', host, '--nounixsocket'];
  const small = [
    '--wiredTigerCacheSizeGB',
    '0.25',
    '--setParameter',
    'diagnosticDataCollectionEnabled=false',
  ];
  const args = [
    ...place,
    ...small,
    '--setParameter',
    'ttlMonitorSleepSecs=1',
    '--quiet',
    ...(options.args ?? []),
  ];
  const server = await spawnServer(endingWithParent({ program, args, cwd: dir }, 'TERM'), logFile, signals);
  // It listens once it has recovered what it keeps on disk.
  await untilReady('MongoDB', server, logFile, startDeadlineMs, () => isListening(port));
  const version = versionOf(program);
  return {
    url: `mongodb://${host}:${port}/`,
    port,
    version,
    label: `MongoDB ${version} on ${host}:${port}`,
    pid: server.pid,
    exited: server.exited,
    stop: (deadlineMs = stopDeadlineMs) => server.stop(deadlineMs),
    kill: () => server.kill(),
  };
}

function versionOf(program: string): string {
  return /^db version v(\S+)/m.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? '';
}
