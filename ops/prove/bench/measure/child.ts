import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { optionsForChild, readEnvironment } from '../../../shop/environment.ts';
import { compile, withProofs } from '../../../shop/process/compile.mjs';

/** A program of the bench in a process of its own, which answers each order with a report. */
export interface Child<Order extends object, Report> {
  readonly pid: number;
  /** What it reported first. */
  readonly ready: Report;
  /** Rejects with what went wrong there. */
  tell(order: Order): Promise<Report>;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Ends it well, and at once when it takes too long. */
  stop(): Promise<void>;
}

/** What it sends when it can't do what it was told. */
export interface ChildProblem {
  readonly problem: string;
}

export interface ChildOptions {
  /** Options of Node besides. */
  readonly nodeOptions?: readonly string[];
  readonly runs?: 'compiled' | 'as sources';
}

const root = join(import.meta.dirname, '..', '..', '..', '..');

async function compiled(program: URL): Promise<URL> {
  await compile(root, withProofs);
  const path = relative(root, fileURLToPath(program)).replace(/\.ts$/, '.js');
  return pathToFileURL(join(root, withProofs.into, path));
}

const startDeadlineMs = 30_000;
const orderDeadlineMs = 120_000;
const stopDeadlineMs = 10_000;

/** Whatever happens, none of these outlives this process. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Run as they are, sources name each function that is made, which costs more than many of them do. */
const asSources = ['--conditions=@trolley/source', '--import', 'tsx'];

/**
 * Starts it with settings that it reads by `optionsOfParent`, and waits for its first report. It runs compiled, as the
 * shop does, unless `runs` says otherwise.
 */
export async function startChild<Order extends object, Report>(
  program: URL,
  settings: object,
  { nodeOptions = [], runs = 'compiled' }: ChildOptions = {},
): Promise<Child<Order, Report>> {
  const isCompiled = runs === 'compiled' && program.pathname.endsWith('.ts');
  const child = fork(isCompiled ? await compiled(program) : program, [], {
    env: { ...readEnvironment(), ...optionsForChild(settings) },
    execArgv: [...(isCompiled ? ['--enable-source-maps'] : asSources), ...nodeOptions],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
    running.delete(child);
    return `${program.pathname.split('/').at(-1) ?? ''} has ended (${String(signal ?? code)})`;
  });
  const ready = await next<Report>(child, exited, startDeadlineMs);
  return {
    pid: child.pid ?? 0,
    ready,
    tell(order) {
      const answered = next<Report>(child, exited, orderDeadlineMs);
      child.send(order);
      return answered;
    },
    async signal(signal) {
      child.kill(signal);
      await exited;
    },
    async stop() {
      const forced = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
      child.kill('SIGTERM');
      await exited;
      clearTimeout(forced);
    },
  };
}

async function next<Report>(
  child: ChildProcess,
  exited: Promise<string>,
  deadlineMs: number,
): Promise<Report> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), deadlineMs);
  try {
    const ended = exited.then((sentence) => Promise.reject(new Error(sentence)));
    const message = once(child, 'message', { signal: deadline.signal }).catch((cause: unknown) => {
      throw new Error(`${child.spawnargs.at(-1) ?? ''} has not answered within ${deadlineMs / 1000} s`, {
        cause,
      });
    });
    const [sent] = (await Promise.race([message, ended])) as [Report | ChildProblem];
    if (isProblem(sent)) throw new Error(sent.problem);
    return sent;
  } finally {
    clearTimeout(timer);
    deadline.abort();
  }
}

const isProblem = (sent: unknown): sent is ChildProblem => Object.hasOwn(sent as object, 'problem');
