import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment } from './shop-environment.ts';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export interface CommandEnded {
  readonly code: number;
  readonly output: string;
  /** What a person is told: standard error, by lines. */
  readonly lines: readonly string[];
}

/** `npm run NAME -- …args` as a process of its own, for a command in `ops/operate/`. */
export function runCommandProcess(
  name: string,
  environment: Environment,
  ...args: string[]
): Promise<CommandEnded> {
  return new Promise((resolve) => {
    const child = spawnCommand(name, environment, ...args);
    let [output, told] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    child.once('close', (code) => resolve({ code: code ?? -1, output, lines: told.trimEnd().split('\n') }));
  });
}

/** The same, for who does something to it before it has ended. */
export function spawnCommand(name: string, environment: Environment, ...args: string[]) {
  const command = join(import.meta.dirname, '..', '..', 'operate', `${name}-command.ts`);
  return spawn(process.execPath, ['--conditions=@trolley/source', '--import', tsx, command, ...args], {
    // Elsewhere than here, so that somebody's own `.env` changes nothing.
    cwd: tmpdir(),
    env: environment,
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
