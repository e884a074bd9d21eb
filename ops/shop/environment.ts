import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The environment of this process, with what a file `.env` in the working folder adds to it. */
export function readEnvironment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}

const forChild = 'TROLLEY_CHILD_OPTIONS';

/**
 * What a process of ours is told by the one that starts it, as a part of its environment: that is its user's alone, where
 * everybody may read a command line, and addresses of servers carry passwords.
 */
export const optionsForChild = (options: object) => ({ [forChild]: JSON.stringify(options) });

export const optionsOfParent = (): unknown => JSON.parse(process.env[forChild] ?? '{}');

/** Where this user's programs keep what they can get again. */
export function cacheHome(): string {
  const { XDG_CACHE_HOME: given = '' } = process.env;
  return isAbsolute(given) ? given : join(homedir(), '.cache');
}
