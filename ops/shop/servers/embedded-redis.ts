import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@trolley/runtime/adapters';
import { spawnServer, stopLeftOver, untilReady, type StopSignals } from './child-server.ts';
import { endingWithParent } from '../process/death-signal.ts';
import { startDockerRedis } from './docker-redis.ts';
import { host, type EmbeddedServer } from './embedded-server.ts';
import { chooseRedis, dockerAnswers, findProgram, noRedis, redisPrograms } from '../process/find-redis.mjs';
import { findFreePort } from '../process/ports.ts';
import { redisUrl, requireRedisPassword, settingsFile } from './redis-password.ts';
import { redisAnswers, redisVersion } from './redis-probe.ts';
import { canHaveSocket } from './socket-folder.ts';
import { StartProblem } from '../process/start-problem.ts';
import { pidIn } from '../process/process-identity.ts';

export interface RedisOptions {
  /** Its files go to `<dataDir>/redis`. */
  readonly dataDir: string;
  /** PATH, to find the program. */
  readonly searchPath: string;
  /** Left out: any free port. */
  readonly port?: number;
  /** Off for tests, where nothing has to survive. */
  readonly durable?: boolean;
  /** Whether it ends when this process is killed. Off only to test what happens when it does not. */
  readonly endWithParent?: boolean;
  /** Without a password: for tests. Else it has one, in `<dataDir>/redis/password`. */
  readonly open?: boolean;
  /** More of Redis's own arguments. */
  readonly args?: readonly string[];
}

export interface EmbeddedRedis extends EmbeddedServer {
  /** Its Unix socket, for this machine; undefined where it can have none. */
  readonly socket: string | undefined;
}

const socketName = 'redis.sock';
const signals: StopSignals = { graceful: 'SIGTERM', forced: 'SIGKILL' };
const startDeadlineMs = 60_000;
const stopDeadlineMs = 10_000;

/** Starts Redis on the loopback, from a program on PATH or in a container. */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis> {
  const folder = join(options.dataDir, 'redis');
  makeFolder(folder);
  const dir = realpathSync(folder);
  const choice = await chooseRedis({
    redisUrl: undefined,
    program: findProgram(redisPrograms, options.searchPath),
    dockerAnswers,
    canInstall: () => false,
  });
  const port = options.port ?? (await findFreePort());
  const password = options.open === true ? undefined : requireRedisPassword(dir);
  if (choice.kind === 'docker') {
    const inContainer = await startDockerRedis({ dir, port, password, args: redisArgs(options) });
    return { ...inContainer, socket: undefined };
  }
  if (choice.kind !== 'program') throw new StartProblem(noRedis);

  const pidFile = join(dir, 'redis.pid');
  await stopLeftOver(pidIn(pidFile), dir, signals, stopDeadlineMs);
  const hasSocket = await canHaveSocket(dir, { prefix: socketName, longestName: socketName });
  const socket = hasSocket ? join(dir, socketName) : undefined;
  const logFile = join(dir, 'redis.log');
  const command = {
    program: choice.program,
    args: [
      ...(password === undefined ? [] : [join(dir, settingsFile)]),
      ...['--port', String(port), '--bind', host, '--dir', dir, '--pidfile', pidFile],
      ...(socket === undefined ? [] : ['--unixsocket', socket, '--unixsocketperm', '700']),
      ...redisArgs(options),
    ],
    cwd: dir,
  };
  const server = await spawnServer(
    options.endWithParent === false ? command : endingWithParent(command, 'TERM'),
    logFile,
    signals,
  );
  await untilReady('Redis', server, logFile, startDeadlineMs, () => redisAnswers(port, host, password));
  const version = (await redisVersion(port, host, password)) ?? '';
  const running: EmbeddedRedis = {
    url: redisUrl(host, port, password),
    socket,
    port,
    version,
    label: `Redis ${version} on ${host}:${port}`,
    pid: server.pid,
    exited: server.exited,
    stop: (deadlineMs = stopDeadlineMs) => server.stop(deadlineMs),
    kill: () => server.kill(),
  };
  if (isTooOld(version)) {
    await running.stop();
    throw new StartProblem(
      `${choice.program} is Redis ${version}, which is too old: 6.2 or newer is needed.`,
    );
  }
  return running;
}

/** `noeviction`: an evicted key would be a lost message. */
function redisArgs({ durable = true, args = [] }: RedisOptions): string[] {
  const append = durable ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : ['--appendonly', 'no'];
  return [
    ...append,
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
    '--databases',
    durable ? '16' : '1024',
    ...args,
  ];
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 6 || (major === 6 && minor < 2);
}
