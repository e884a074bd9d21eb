import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { optionsForChild, readEnvironment } from '../../../shop/environment.ts';
import type { HostSettings } from './variant.ts';

export type HostOrder =
  | { readonly do: 'report' }
  /** Collects garbage first. */
  | { readonly do: 'collect' }
  /** Reports once so many messages have been handled since the start. */
  | { readonly do: 'await'; readonly handled: number };

export interface HostReport {
  /** Messages since the start. */
  readonly handled: number;
  readonly cpuMicros: number;
  readonly heapBytes: number;
  readonly activations: number;
}

/** A process that hosts a variant. */
export interface HostProcess {
  readonly pid: number;
  tell(order: HostOrder): Promise<HostReport>;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Ends it well, and at once when it takes too long. */
  stop(): Promise<void>;
}

const program = new URL('../mailbox-host.ts', import.meta.url);
const startDeadlineMs = 30_000;
const orderDeadlineMs = 120_000;
const stopDeadlineMs = 10_000;

/** Whatever happens, none of these outlives this process. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts a host and waits until it is ready. */
export async function startHost(settings: HostSettings, nodeOptions: string[] = []): Promise<HostProcess> {
  const child = fork(program, [], {
    env: { ...readEnvironment(), ...optionsForChild(settings) },
    execArgv: ['--conditions=@trolley/source', '--import', 'tsx', '--expose-gc', ...nodeOptions],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
    running.delete(child);
    return `${settings.variant} host ended (${String(signal ?? code)})`;
  });
  await next(child, exited, startDeadlineMs);
  return {
    pid: child.pid ?? 0,
    tell(order) {
      const answered = next(child, exited, orderDeadlineMs);
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

async function next(child: ChildProcess, exited: Promise<string>, deadlineMs: number): Promise<HostReport> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), deadlineMs);
  try {
    const ended = exited.then((sentence) => Promise.reject(new Error(sentence)));
    const [report] = (await Promise.race([once(child, 'message', { signal: deadline.signal }), ended])) as [
      HostReport,
    ];
    return report;
  } finally {
    clearTimeout(timer);
    deadline.abort();
  }
}
