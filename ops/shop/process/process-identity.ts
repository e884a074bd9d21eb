import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';

/*
 * A process id alone proves nothing: ids are reused. These tell one process from another that came to
 * the same id later, and a server of ours from a stranger's. Linux answers from /proc, others from `ps`.
 */

export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return statusOf(pid)?.state !== 'Z';
}

/** The id in a file that a server writes of itself; undefined: there is no file. */
export function pidIn(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** When the process started, in a form that only equals itself; undefined when there is none. */
export function startMarkOf(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  const status = statusOf(pid);
  if (status !== undefined) return `${bootId()}:${status.startTicks}`;
  return askPs(pid, 'lstart=');
}

/** Whether the process provably works on `folder`: it names it on its command line or stands in it. */
export function worksOn(pid: number, folder: string): boolean {
  if (!isAlive(pid)) return false;
  const real = realpath(folder);
  const standsIn = workingFolderOf(pid);
  if (standsIn === real || standsIn?.startsWith(real + sep) === true) return true;
  const words = commandLineOf(pid);
  return words.some((word) => [real, folder].some((path) => word === path || word.startsWith(path + sep)));
}

/** The first words of the command line, for a message to a person. */
export function nameOf(pid: number): string | undefined {
  const words = commandLineOf(pid).join(' ').trim();
  return words === '' ? undefined : words.slice(0, 80);
}

function commandLineOf(pid: number): string[] {
  const line = readProc(`/proc/${pid}/cmdline`);
  if (line !== undefined) return line.split('\0').filter((word) => word !== '');
  return (askPs(pid, 'command=') ?? '').split(/\s+/);
}

function workingFolderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    if (process.platform === 'linux') return undefined;
    return run('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn'])?.match(/^n(.*)$/m)?.[1];
  }
}

/** Fields of /proc/<pid>/stat; the name in brackets may hold blanks, so they are counted from behind it. */
function statusOf(pid: number): { state: string; startTicks: string } | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields?.[0], fields?.[19]];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function askPs(pid: number, field: string): string | undefined {
  return run('ps', ['-o', field, '-p', String(pid)]);
}

function run(command: string, args: string[]): string | undefined {
  try {
    const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return output.trim() === '' ? undefined : output.trim();
  } catch {
    return undefined;
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
