import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readEnvironment } from '../../shop/environment.ts';
import { exitCodes, runCommand } from '../../shop/process/run-command.ts';
import type { NamedCommand } from '../../shop/process/run-named-command.ts';
import { mintToken } from '../../shop/token.ts';
import { wholeNumber } from '../chaos/flags.ts';
import { portOf, temporaryDataDir } from '../e2e/shop-environment.ts';
import { ShopProcess } from '../e2e/shop-process.ts';
import { findSchemathesis, runSchemathesis } from './schemathesis.ts';

const help = `npm run openapi -- fuzz [flags]

Starts a shop as npm start does, without a rate limit and load shedding, and lets schemathesis call every operation
of its /openapi.json: as a user, as an admin, and without a token. Ends with 1 when an answer is a 5xx, or has a
status, a content type, a header, a code or a member that is not described. The stream of events, which has no end,
is only called without a token. It takes some minutes; schemathesis is fetched with pip, once.

  --examples N   random requests for each operation, beside those at the bounds of each field (default 80)
  --seed N       the same requests again (default: a new one each time, which is printed)
`;

export const fuzzCommand: NamedCommand = {
  summary: 'schemathesis against a running shop, as user, as admin and without a token',
  run: (args) =>
    runCommand({
      args,
      help,
      options: { examples: { type: 'string' }, seed: { type: 'string' } },
      async run({ values }, progress) {
        const examples = wholeNumber('examples', values.examples, 80);
        const seed = wholeNumber('seed', values.seed, randomInt(2 ** 31), 0);
        const schemathesis = await findSchemathesis(readEnvironment()['PATH'] ?? '', (line) =>
          progress.say(line),
        );
        const dataDir = temporaryDataDir();
        const shop = await ShopProcess.start({
          DATA_DIR: dataDir,
          SHED_ABOVE_MS: '0',
        });
        try {
          const url = `http://127.0.0.1:${portOf(shop.lines, 'gateway')}`;
          const callers = {
            'a user': await mintToken(shop.tokens, { userId: 1, roles: [] }),
            'an admin': await mintToken(shop.tokens, { userId: 2, roles: ['admin'] }),
            nobody: undefined,
          };
          let [all, passed] = [0, true];
          for (const [caller, token] of Object.entries(callers)) {
            const run = { url, token, examples, seed };
            const found = await runSchemathesis(schemathesis, run, (text) => void process.stdout.write(text));
            progress.say(
              `As ${caller}: ${found.cases} cases${found.passed ? '' : ', not all as described'}.`,
            );
            all += found.cases;
            passed &&= found.passed;
          }
          progress.say(`${all} cases with the seed ${seed}.`);
          return passed && all > 0 ? exitCodes.done : exitCodes.failed;
        } finally {
          shop.signal('SIGTERM');
          await shop.ended;
          rmSync(dataDir, { recursive: true, force: true });
        }
      },
    }),
};
