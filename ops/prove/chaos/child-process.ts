import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { optionsForChild } from '../../shop/environment.ts';
import { endingWithParent } from '../../shop/process/death-signal.ts';

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of a scenario, which tells and hears messages. */
export interface ScenarioChild<Says, Hears> {
  readonly label: string;
  readonly ended: Promise<Ending>;
  readonly running: boolean;
  say(message: Hears): void;
  onMessage(listener: (message: Says) => void): void;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, and ends it after `deadlineMs`, also when it is frozen. */
  stop(deadlineMs: number): Promise<Ending>;
  /** The last lines that it wrote. */
  lastLines(): string;
}

export interface ChildOptions {
  readonly label: string;
  /** The program, beside this file. */
  readonly file: `./${string}.ts`;
  readonly options: object;
  readonly logFile: string;
  readonly searchPath: string;
  /** Of its memory, the part that JavaScript may fill, in MB. Default: as Node chooses. */
  readonly heapMb?: number | undefined;
}

/** Starts a program of this folder; it ends with this process, however this one ends. */
export function startChild<Says extends { kind: string }, Hears extends object = never>(
  start: ChildOptions,
): ScenarioChild<Says, Hears> {
  const log = openSync(start.logFile, 'a');
  const file = fileURLToPath(new URL(start.file, import.meta.url));
  const heap = start.heapMb === undefined ? [] : [`--max-old-space-size=${start.heapMb}`];
  const args = [...heap, '--conditions=@trolley/source', '--import', 'tsx', file];
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const command = endingWithParent({ program: process.execPath, args, cwd: root }, 'KILL');
  const child = spawn(command.program, [...command.args], {
    cwd: command.cwd,
    env: { PATH: start.searchPath, ...optionsForChild(start.options) },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  // A message to a process that is just dying gets lost; that it died is told by `ended`.
  child.on('error', () => undefined);
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    label: start.label,
    ended,
    get running() {
      return running();
    },
    say(message) {
      if (child.connected) child.send(message);
    },
    onMessage: (listener) => void child.on('message', (message) => listener(message as unknown as Says)),
    signal: (signal) => void child.kill(signal),
    async stop(deadlineMs) {
      if (running()) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        const over = new AbortController();
        const forced = delay(deadlineMs, undefined, { signal: over.signal }).then(
          () => child.kill('SIGKILL'),
          () => undefined,
        );
        await ended;
        over.abort();
        await forced;
      }
      return ended;
    },
    lastLines: () => readFileSync(start.logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n'),
  };
}
