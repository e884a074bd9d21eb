import { openMoment } from './backup/moment.ts';
import { inWords, reconcile } from './backup/reconcile.ts';
import { reachPostgres } from './backup/running-postgres.ts';
import { parseConfig } from './config/parse-config.ts';
import { readEnvironment } from './environment.ts';
import { exitCodes, runCommand } from './infra/run-command.ts';
import { StartProblem } from './infra/start-problem.ts';

const help = `npm run reconcile

Holds PostgreSQL against the SQLite files in DATA_DIR, all as they are at one moment: money charged and stock sold for
checkouts that nobody knows, checkouts that nobody charged or sold for. Changes nothing. The shop may run; checkouts
wait for some milliseconds. For after a restore of stores to different moments: see ops/runbook/backup.md.

Ends with 0 when they agree, with 1 when it could not look, with 2 when it was called wrongly, with 3 when they do not
agree (it says how).
`;

await runCommand({
  help,
  options: {},
  async run(_given, progress) {
    const startedAt = performance.now();
    const { dataDir, postgres } = parseConfig(readEnvironment());
    const reached = await reachPostgres(dataDir, postgres.url);
    if (reached === undefined) {
      throw new StartProblem(`${dataDir} has no PostgreSQL: set DATA_DIR or POSTGRES_URL.`);
    }
    try {
      const moment = await openMoment(dataDir, reached.url);
      try {
        const mismatches = await reconcile(moment);
        for (const mismatch of mismatches) progress.fail(inWords(mismatch));
        const files = moment.files.map(({ name }) => name).join(', ') || 'no file';
        progress.done(`PostgreSQL held against ${files}`, performance.now() - startedAt);
        return mismatches.length === 0 ? exitCodes.done : exitCodes.disagree;
      } finally {
        await moment.close();
      }
    } finally {
      await reached.close();
    }
  },
});
