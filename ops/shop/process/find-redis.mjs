import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/*
 * Plain JavaScript without dependencies: `prepare.mjs` asks here before anything is installed, and the
 * embedded server asks again when it starts.
 */

export const redisPrograms = ['redis-server', 'valkey-server'];

/** The first of `programs` that is an executable file in a folder of `searchPath`. */
export function findProgram(programs, searchPath) {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find(isExecutable);
}

/** Which Redis to use. The last two questions cost time, so they are only asked when it comes to them. */
export async function chooseRedis({ redisUrl, program, dockerAnswers, canInstall }) {
  if (redisUrl !== undefined && redisUrl !== '') return { kind: 'given', url: redisUrl };
  if (program !== undefined) return { kind: 'program', program };
  if (await dockerAnswers()) return { kind: 'docker' };
  if (canInstall()) return { kind: 'install' };
  return { kind: 'none' };
}

/** Whether a Docker engine answers, not only its client. */
export function dockerAnswers() {
  return new Promise((resolve) => {
    execFile('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 5000 }, (error, stdout) =>
      resolve(error === null && stdout.trim() !== ''),
    );
  });
}

export const noRedis =
  'No Redis was found. Install redis-server (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis) ' +
  'or start Docker, or set REDIS_URL to a running one.';

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
