import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const passwordFile = 'password';
/** What Redis reads at its start: a password on its command line would be everybody's. */
export const settingsFile = 'redis.conf';

/** The password of the Redis whose files are in `folder`; undefined: it has none. */
export function readRedisPassword(folder: string): string | undefined {
  const file = join(folder, passwordFile);
  const password = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return password === '' ? undefined : password;
}

/** Sees to it that the next Redis on `folder` wants a password, which only who may read the folder knows. */
export function requireRedisPassword(folder: string): string {
  const password = readRedisPassword(folder) ?? makePassword(folder);
  writeWhole(join(folder, settingsFile), `requirepass ${password}\n`);
  return password;
}

function makePassword(folder: string): string {
  const password = randomBytes(24).toString('hex');
  writeWhole(join(folder, passwordFile), `${password}\n`);
  return password;
}

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function redisUrl(host: string, port: number, password: string | undefined): string {
  return `redis://${password === undefined ? '' : `:${password}@`}${host}:${port}`;
}
