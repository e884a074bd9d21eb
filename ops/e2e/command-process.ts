import { execFile } from 'node:child_process';
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

/** `npm run NAME -- …args` as a process of its own, for a command in `ops/`. */
export function runCommandProcess(
  name: string,
  environment: Environment,
  ...args: string[]
): Promise<CommandEnded> {
  const command = join(import.meta.dirname, '..', `${name}-command.ts`);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', tsx, command, ...args],
      // Elsewhere than here, so that somebody's own `.env` changes nothing.
      { cwd: tmpdir(), env: environment, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 },
      (_error, output, told) =>
        resolve({ code: child.exitCode ?? -1, output, lines: told.trimEnd().split('\n') }),
    );
  });
}
