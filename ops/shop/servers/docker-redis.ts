import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { host, type EmbeddedServer } from './embedded-server.ts';
import { redisUrl, settingsFile } from './redis-password.ts';
import { redisAnswers, redisVersion } from './redis-probe.ts';
import { StartProblem } from '../process/start-problem.ts';

const image = 'redis:7-alpine';
const answerDeadlineMs = 60_000;

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly password: string | undefined;
  /** Redis's own. */
  readonly args: readonly string[];
}

/** Runs Redis in a container named after its folder, so that a left-over one is known and replaced. */
export async function startDockerRedis({ dir, port, password, args }: Place): Promise<EmbeddedServer> {
  const name = `trolley-redis-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  await docker('rm', '--force', name).catch(ignoreMissing);
  const user =
    process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`];
  await docker(
    ...['run', '--detach', '--rm', '--name', name, ...user],
    ...['--publish', `${host}:${port}:6379`, '--volume', `${dir}:/data`, image],
    ...[
      'redis-server',
      ...(password === undefined ? [] : [`/data/${settingsFile}`]),
      '--dir',
      '/data',
      ...args,
    ],
  );
  const giveUpAt = performance.now() + answerDeadlineMs;
  while (!(await redisAnswers(port, host, password))) {
    if (performance.now() > giveUpAt) {
      const log = await docker('logs', '--tail', '8', name).catch((error: unknown) => String(error));
      await docker('rm', '--force', name).catch(ignoreMissing);
      throw new StartProblem(`Redis in Docker did not answer within ${answerDeadlineMs / 1000} s:\n${log}`);
    }
    await delay(50);
  }
  const version = (await redisVersion(port, host, password)) ?? '';
  return {
    url: redisUrl(host, port, password),
    port,
    version,
    label: `Redis ${version} on ${host}:${port} (Docker)`,
    pid: undefined,
    exited: docker('wait', name).then(
      () => undefined,
      () => undefined,
    ),
    stop: async (deadlineMs = 10_000) => {
      await docker('stop', '--time', String(Math.ceil(deadlineMs / 1000)), name).catch(ignoreMissing);
    },
    kill: () => void docker('kill', name).catch(ignoreMissing),
  };
}

const run = promisify(execFile);

async function docker(...args: string[]): Promise<string> {
  try {
    return (await run('docker', args)).stdout;
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim() ?? String(cause);
    throw new StartProblem(`docker ${args[0] ?? ''} failed: ${said}`, { cause });
  }
}

function ignoreMissing(error: unknown): void {
  if (!String(error).includes('No such container')) throw error;
}
