import { openSnapshot } from './stores/snapshot.ts';
import { reachPostgres, type ReachedPostgres } from './stores/running-postgres.ts';
import type { Config } from '../shop/config/config.ts';
import { parseConfig } from '../shop/config/parse-config.ts';
import { readEnvironment } from '../shop/environment.ts';
import { exitCodes, runCommand } from '../shop/process/run-command.ts';
import { StartProblem, UsageProblem } from '../shop/process/start-problem.ts';
import { mend, planOf, sayPlan, wokenBy } from './reconcile/mend.ts';
import { createMenders } from './reconcile/menders.ts';
import { withMendingShop } from './reconcile/mending-shop.ts';
import { reconcileAloud } from './reconcile/reconcile-aloud.ts';
import { summaryOf } from './reconcile/say-findings.ts';
import { surroundingsOf } from './reconcile/surroundings.ts';

const help = `npm run reconcile -- [--fix [--dry-run]]

Holds PostgreSQL, the SQLite files in DATA_DIR, carts in MongoDB and the event log against each other: every quantity
that is kept in two places. Says what it has looked at, what does not agree, and what is only under way. The shop may
run; checkouts wait for some milliseconds. See ops/operate/runbook/backup.md.

  --fix        mend what can be mended without a person: say what will be done, do it, and look again
  --dry-run    only say what --fix would do

Ends with 0 when the stores agree, with 1 when it could not look, with 2 when it was called wrongly, with 3 when they
do not agree.
`;

await runCommand({
  help,
  options: { fix: { type: 'boolean', default: false }, 'dry-run': { type: 'boolean', default: false } },
  async run({ values: { fix, 'dry-run': dryRun } }, progress) {
    if (dryRun && !fix) throw new UsageProblem('--dry-run goes with --fix.');
    const startedAt = performance.now();
    const config = parseConfig(readEnvironment());
    const surroundings = surroundingsOf(config, progress);
    const findings = await onStores(config, async (reached) => {
      const look = async (woken: ReadonlySet<string> = new Set()) => {
        const gaps = await surroundings.gaps(reached.idle);
        const moment = await openSnapshot(config.dataDir, reached.url);
        try {
          return await reconcileAloud(moment, { surroundings, gaps, asOf: Date.now(), woken, progress });
        } finally {
          await moment.close();
        }
      };
      const found = await look();
      if (!fix || found.total === 0) return found;
      const plan = planOf(found);
      sayPlan(plan, progress);
      if (dryRun || plan.length === 0) return found;
      const done = await withMendingShop(config, reached, progress, (shop) =>
        mend(plan, createMenders(shop), progress),
      );
      progress.say('Looking again:');
      return look(wokenBy(done));
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
