import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { cachedFolder } from '../servers/server-cache.ts';

/** npm's packages of Node (that of x64 as in the image), by `<platform>-<architecture>`. Each holds `bin/node` and its headers in `include/`. */
export const nodePackages: Readonly<
  Record<string, { readonly version: string; readonly integrity: string }>
> = {
  'linux-x64': {
    version: '24.22.3',
    integrity:
      'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  },
  'linux-arm64': {
    version: '24.22.0',
    integrity:
      'sha512-xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ==',
  },
};
const downloadDeadlineMs = 300_000;
const run = promisify(execFile);

export interface NodeProgram {
  readonly version: string;
  /** Holds `bin/node`, and `include/node` that modules are compiled against. */
  readonly folder: string;
}

/**
 * A Node 24 that npm fetches, once for all checkouts. `say` is told when that begins.
 *
 * @throws StartProblem in one sentence when there is none for this machine, or npm could not fetch it
 */
export async function findNode24(
  npm: readonly [string, ...string[]],
  say: (line: string) => void,
  machine = `${process.platform}-${process.arch}`,
): Promise<NodeProgram> {
  const found = nodePackages[machine];
  if (found === undefined) {
    throw new StartProblem(
      `npm has no Node 24 for ${machine}. Install it from https://nodejs.org, put it first on the PATH, and run npm test.`,
    );
  }
  const { version, integrity } = found;
  const name = `node-${machine}`;
  const folder = await cachedFolder(`node-${version}-${machine}`, async (empty) => {
    say(`Fetching Node ${version} from npm, this once.`);
    await install(npm, empty, { name, version, integrity });
  });
  return { version, folder: join(folder, 'node_modules', name) };
}

/** By a lockfile: npm then holds what it got against the hash. */
async function install(
  [program, ...first]: readonly [string, ...string[]],
  folder: string,
  { name, version, integrity }: { name: string; version: string; integrity: string },
): Promise<void> {
  const wanted = { name: 'node24', version: '1.0.0', dependencies: { [name]: version } };
  const lock = {
    ...wanted,
    lockfileVersion: 3,
    packages: { '': wanted, [`node_modules/${name}`]: { version, integrity } },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(wanted));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  await run(program, args, { cwd: folder, timeout: downloadDeadlineMs }).catch((cause: unknown) => {
    const said = (cause as { stderr?: string }).stderr?.trim().split('\n').at(0) ?? String(cause);
    throw new StartProblem(`npm could not fetch ${name} ${version}: ${said}`, { cause });
  });
}
