import { openMoment } from './backup/moment.ts';
import { reachPostgres, type ReachedPostgres } from './backup/running-postgres.ts';
import type { Config } from './config/config.ts';
import { parseConfig } from './config/parse-config.ts';
import { readEnvironment } from './environment.ts';
import { exitCodes, runCommand } from './infra/run-command.ts';
import { StartProblem } from './infra/start-problem.ts';
import { reconcileAloud } from './reconcile/reconcile-aloud.ts';
import { summaryOf } from './reconcile/say-findings.ts';
import { surroundingsOf } from './reconcile/surroundings.ts';

const help = `npm run reconcile

Holds PostgreSQL, the SQLite files in DATA_DIR, carts in MongoDB and the event log against each other: every quantity
that is kept in two places. Says what it has looked at, what does not agree, and what is only under way. Changes
nothing. The shop may run; checkouts wait for some milliseconds. See ops/runbook/backup.md.

Ends with 0 when the stores agree, with 1 when it could not look, with 2 when it was called wrongly, with 3 when they
do not agree.
`;

await runCommand({
  help,
  options: {},
  async run(_given, progress) {
    const startedAt = performance.now();
    const config = parseConfig(readEnvironment());
    const surroundings = surroundingsOf(config, progress);
    const findings = await onStores(config, async (reached) => {
      const gaps = await surroundings.gaps(reached.idle);
      const moment = await openMoment(config.dataDir, reached.url);
      try {
        return await reconcileAloud(moment, { surroundings, gaps, asOf: Date.now(), progress });
      } finally {
        await moment.close();
      }
    });
    if (findings.total === 0) progress.done(summaryOf(findings), performance.now() - startedAt);
    else progress.fail(summaryOf(findings));
    return findings.total === 0 ? exitCodes.done : exitCodes.disagree;
  },
});

async function onStores<T>(
  { dataDir, postgres }: Config,
  use: (reached: ReachedPostgres) => Promise<T>,
): Promise<T> {
  const reached = await reachPostgres(dataDir, postgres.url);
  if (reached === undefined)
    throw new StartProblem(`${dataDir} has no PostgreSQL: set DATA_DIR or POSTGRES_URL.`);
  try {
    return await use(reached);
  } finally {
    await reached.close();
  }
}
