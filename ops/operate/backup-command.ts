import { takeBackup } from './backup/take-backup.ts';
import { parseConfig } from '../shop/config/parse-config.ts';
import { readEnvironment } from '../shop/environment.ts';
import { exitCodes, runCommand } from '../shop/process/run-command.ts';
import { UsageProblem } from '../shop/process/start-problem.ts';
import { summaryOf } from './reconcile/say-findings.ts';
import { surroundingsOf } from './reconcile/surroundings.ts';

const help = `npm run backup -- --to DIR [--strict]

Copies what the shop keeps under DATA_DIR into DIR, which must be new or empty: the SQLite files and the tables of
the embedded PostgreSQL, all as they were at one moment. The shop may run; checkouts wait for some milliseconds. Then
it holds the copied stores against each other, as npm run reconcile does, and says where they do not agree.

Not in it: Redis, which is disposable, and servers of your own. Back up those of POSTGRES_URL and MONGODB_URI with
their own tools: see ops/operate/runbook/backup.md. The backup then notes where its moment lies in PostgreSQL's log.

  --to DIR    holds the customers' data afterwards: keep it as you keep DATA_DIR, on another disk
  --strict    write no backup of stores that do not agree

Ends with 0 when all is well, with 1 when there is no backup, with 2 when it was called wrongly, with 3 when the backup
is written and the stores in it do not agree.
`;

await runCommand({
  help,
  options: { to: { type: 'string' }, strict: { type: 'boolean', default: false } },
  async run({ values: { to, strict } }, progress) {
    if (to === undefined || to === '') throw new UsageProblem('Say where to: npm run backup -- --to DIR');
    const startedAt = performance.now();
    const config = parseConfig(readEnvironment());
    const { manifest, findings } = await takeBackup({
      dataDir: config.dataDir,
      postgresUrl: config.postgres.url,
      mongo: config.mongo.uri !== undefined,
      to,
      strict,
      surroundings: surroundingsOf(config, progress),
      now: Date.now,
      progress,
    });
    for (const { store, position } of manifest.elsewhere) {
      const at = position === undefined ? '' : ` The moment of this backup is at ${position} of its log.`;
      progress.warn(`${store} is a server of its own, and not in this backup.${at}`);
    }
    if (findings.total === 0) progress.done(`backup in ${to}`, performance.now() - startedAt);
    else progress.fail(`${summaryOf(findings)} The backup is in ${to} all the same.`);
    return findings.total === 0 ? exitCodes.done : exitCodes.disagree;
  },
});
