import { parseConfig } from '../shop/config/parse-config.ts';
import { readEnvironment } from '../shop/environment.ts';
import { exitCodes, runCommand } from '../shop/process/run-command.ts';
import { StartProblem, UsageProblem } from '../shop/process/start-problem.ts';
import { mintToken } from '../shop/token.ts';

const help = `npm run token -- USER [ROLE …]

Prints a token for trying things out, good for 12 hours: npm run token -- 1, or npm run token -- 1 admin.
In development only.
`;

await runCommand({
  help,
  options: {},
  maxWords: Infinity,
  async run({ positionals: [user = '', ...roles] }) {
    const config = parseConfig(readEnvironment());
    if (config.mode === 'production') {
      throw new StartProblem('Tokens are handed out in development only: NODE_ENV is production.');
    }
    if (config.jwt.jwksUrl !== undefined) {
      throw new StartProblem('Tokens come from whoever has the keys of JWT_JWKS_URL.');
    }
    const userId = Number(user);
    if (!/^\d+$/.test(user) || !Number.isSafeInteger(userId) || userId <= 0) {
      throw new UsageProblem('Say whose: npm run token -- USER [ROLE …], such as: npm run token -- 1 admin');
    }
    process.stdout.write(`${await mintToken(config.jwt, { userId, roles })}\n`);
    return exitCodes.done;
  },
});
