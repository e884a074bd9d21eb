import { existsSync } from 'node:fs';

/** The environment of this process, with what a file `.env` in the working folder adds to it. */
export function readEnvironment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}
