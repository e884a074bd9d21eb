import { parseConfig } from './config/parse-config.ts';
import { readEnvironment } from './environment.ts';
import { isStartProblem, StartProblem } from './infra/start-problem.ts';
import { mintToken } from './token.ts';

/* `npm run token -- <user id> [role …]` prints a token for trying things out. */

async function print(): Promise<void> {
  const config = parseConfig(readEnvironment());
  if (config.mode === 'production') {
    throw new StartProblem('Tokens are handed out in development only: NODE_ENV is production.');
  }
  const [user = '', ...roles] = process.argv.slice(2);
  const userId = Number(user);
  if (!Number.isSafeInteger(userId) || userId <= 0) {
    throw new StartProblem('Usage: npm run token -- <user id> [admin], such as: npm run token -- 1 admin');
  }
  process.stdout.write(`${await mintToken(config.jwt, { userId, roles })}\n`);
}

try {
  await print();
} catch (error) {
  if (!isStartProblem(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
