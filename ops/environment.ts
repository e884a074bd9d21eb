import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The environment of this process, with what a file `.env` in the working folder adds to it. */
export function readEnvironment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}

/** Where this user's programs keep what they can get again. */
export function cacheHome(): string {
  const { XDG_CACHE_HOME: given = '' } = process.env;
  return isAbsolute(given) ? given : join(homedir(), '.cache');
}
