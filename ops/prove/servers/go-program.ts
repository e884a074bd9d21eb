import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment } from '../../shop/environment.ts';
import { findProgram } from '../../shop/process/find-redis.mjs';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { cachedFolder } from './server-cache.ts';

/** A program that is built from a module. */
export interface GoProgram {
  /** What people call it. */
  readonly name: string;
  /** The path of its package. */
  readonly package: string;
  readonly version: string;
  /** What Go calls what it builds. */
  readonly program: string;
}

const buildDeadlineMs = 2_400_000;
const run = promisify(execFile);

/**
 * The path of the program, which is fetched and built once for all checkouts; `say` is told when that begins.
 *
 * @throws StartProblem in one sentence when Go is missing, or can't build it
 */
export async function findGoProgram(
  { name, package: path, version, program }: GoProgram,
  searchPath: string,
  say: (line: string) => void,
): Promise<string> {
  const folder = await cachedFolder(
    `${name}-${version}-${process.platform}-${process.arch}`,
    async (empty) => {
      const go = findProgram(['go'], searchPath);
      if (go === undefined) throw new StartProblem(`Install Go 1.26 or newer: ${name} is built with it.`);
      say(`Building ${name} ${version} with Go, this once.`);
      const env = { ...readEnvironment(), GOBIN: empty };
      const args = ['install', '-ldflags=-s -w', `${path}@${version}`];
      await run(go, args, { env, timeout: buildDeadlineMs }).catch((cause: unknown) => {
        const said = (cause as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? String(cause);
        throw new StartProblem(`Go could not build ${name} ${version}: ${said}`, { cause });
      });
    },
  );
  return join(folder, program);
}
