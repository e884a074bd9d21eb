import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from '../process/death-signal.ts';
import { isAlive, worksOn } from '../process/process-identity.ts';
import { StartProblem } from '../process/start-problem.ts';

/** A server process of ours. */
export interface ChildServer {
  readonly pid: number;
  /** Resolves when the process has ended, however it ended. */
  readonly exited: Promise<void>;
  readonly running: boolean;
  /** Asks it to end, and ends it when `deadlineMs` is over. Safe to call twice. */
  stop(deadlineMs: number): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

export interface StopSignals {
  readonly graceful: NodeJS.Signals;
  /** What follows when the graceful one had no effect in time. */
  readonly forced: NodeJS.Signals;
}

/**
 * Starts a server in a process group of its own: Ctrl-C in a terminal goes to the whole group, and the
 * stores must outlive the drain of those who write to them.
 */
export function spawnServer(command: Command, logFile: string, signals: StopSignals): Promise<ChildServer> {
  const log = openSync(logFile, 'a', 0o600);
  const { uid, gid } = command;
  const child = spawn(command.program, [...command.args], {
    cwd: command.cwd,
    env: command.env ?? { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', log, log],
    detached: true,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new StartProblem(`${command.program} could not be started: ${cause.message}`, { cause })),
    );
    child.once('spawn', () => resolve(childServer(child, signals)));
  });
}

function childServer(child: ChildProcess, signals: StopSignals): ChildServer {
  const pid = child.pid ?? 0;
  const running = () => child.exitCode === null && child.signalCode === null;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid,
    exited,
    get running() {
      return running();
    },
    async stop(deadlineMs) {
      if (!running()) return;
      child.kill(signals.graceful);
      const forced = new AbortController();
      const late = delay(deadlineMs, undefined, { signal: forced.signal, ref: false }).then(
        () => child.kill(signals.forced),
        () => undefined,
      );
      await exited;
      forced.abort();
      await late;
    },
    kill() {
      if (running()) child.kill(signals.forced);
    },
  };
}

const pollMs = 10;

/** Waits until `answers` is true; fails with the end of the log when the server ends or `deadlineMs` is over. */
export async function untilReady(
  what: string,
  server: ChildServer,
  logFile: string,
  deadlineMs: number,
  answers: () => Promise<boolean>,
): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs;
  while (!(await answers())) {
    const problem = !server.running
      ? 'ended while starting'
      : performance.now() > giveUpAt
        ? `did not answer within ${deadlineMs / 1000} s`
        : undefined;
    if (problem !== undefined) {
      await server.stop(1000);
      throw new StartProblem(`${what} ${problem}. The end of ${logFile}:\n${endOf(logFile)}`);
    }
    await delay(pollMs);
  }
}

/**
 * Stops a server that a killed run left behind on `folder`. A process that is not provably ours is left
 * alone: its id was only read from a file.
 */
export async function stopLeftOver(
  pid: number | undefined,
  folder: string,
  signals: StopSignals,
  deadlineMs: number,
): Promise<boolean> {
  if (pid === undefined || !worksOn(pid, folder)) return false;
  let giveUpAt = performance.now() + deadlineMs;
  send(pid, signals.graceful);
  while (isAlive(pid) && worksOn(pid, folder)) {
    if (performance.now() > giveUpAt) {
      send(pid, signals.forced);
      giveUpAt = Infinity;
    }
    await delay(pollMs);
  }
  return true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new StartProblem(
      `A server left behind by an earlier run (pid ${pid}) belongs to another user: stop it first.`,
      {
        cause,
      },
    );
  }
}

function endOf(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}
