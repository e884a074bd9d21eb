import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

/** Folders laid over each other, the first on top. */
export interface Root {
  /** Where they are put together; empty. */
  readonly mountPoint: string;
  readonly layers: readonly string[];
  /** Takes what is written. Left out: the root is read-only. */
  readonly writable?: { readonly layer: string; readonly scratch: string };
  /** Path in the root → folder that is there instead, and can be written. */
  readonly volumes?: Readonly<Record<string, string>>;
}

export interface Command {
  readonly command: readonly string[];
  readonly workdir: string;
  /** All of it: nothing of this process's environment is added. */
  readonly env: Readonly<Record<string, string>>;
  /** `uid:gid`; left out: root. */
  readonly user?: string;
}

/**
 * Starts a program that sees only this root, as the first process of its own process namespace, as a container
 * engine would: on the network of this machine, with an empty /tmp. It ends with this process.
 */
export function startInside(root: Root, { command, workdir, env, user = '0:0' }: Command): ChildProcess {
  const [uid = '', gid = ''] = user.split(':');
  const inside = ['--pid', '--fork', '--mount-proc', `--root=${root.mountPoint}`];
  const as = [`--wd=${workdir}`, `--setuid=${uid}`, `--setgid=${gid}`];
  const script = [
    'set -e',
    ...mounts(root),
    `exec ${['unshare', ...inside, ...as, '--', ...command].map(quoted).join(' ')}`,
  ];
  // Two process namespaces, one in the other: a change of user forgets who wanted to die with whom, but whatever
  // is in a namespace ends with its first process.
  const outside = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script.join('\n')];
  const sandbox = endingWithParent({ program: 'unshare', args: outside, cwd: '/' }, 'KILL');
  return spawn(sandbox.program, [...sandbox.args], { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs a program inside until it ends; returns what it said. */
export async function runInside(root: Root, command: Command, withinMs: number): Promise<string> {
  const child = startInside(root, command);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-20_000)));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  if (code === 0) return said;
  const how = code === null ? `did not end within ${withinMs / 1000} s` : `ended with ${code}`;
  throw new StartProblem(`${command.command.join(' ')} ${how}:\n${said.trimEnd()}`);
}

/** Signals the program itself, which is two processes down from what was started. */
export function signalInside(sandbox: ChildProcess, signal: NodeJS.Signals): void {
  process.kill(childOf(childOf(sandbox.pid ?? 0)), signal);
}

function childOf(pid: number): number {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  if (child === '') throw new StartProblem('The program inside has ended already.');
  return Number(child);
}

function mounts({ mountPoint, layers, writable, volumes = {} }: Root): string[] {
  const upper = writable === undefined ? [] : [`upperdir=${writable.layer}`, `workdir=${writable.scratch}`];
  const options = [`lowerdir=${layers.join(':')}`, ...upper].join(',');
  return [
    `mount -t overlay overlay -o ${quoted(options)} ${quoted(mountPoint)}`,
    `mount -t tmpfs tmpfs ${quoted(`${mountPoint}/tmp`)}`,
    `mount --rbind /dev ${quoted(`${mountPoint}/dev`)}`,
    ...Object.entries(volumes).map(
      ([path, folder]) => `mount --bind ${quoted(folder)} ${quoted(mountPoint + path)}`,
    ),
  ];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
