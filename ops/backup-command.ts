import { takeBackup } from './backup/take-backup.ts';
import { parseConfig } from './config/parse-config.ts';
import { readEnvironment } from './environment.ts';
import { runCommand } from './infra/run-command.ts';
import { UsageProblem } from './infra/start-problem.ts';

const help = `npm run backup -- --to DIR

Copies what the shop keeps under DATA_DIR into DIR, which must be new or empty: the SQLite files and the tables of
the embedded PostgreSQL, all as they were at one moment. The shop may run; checkouts wait for some milliseconds.

Not in it: Redis, which is disposable, and servers of your own. Back up those of POSTGRES_URL and MONGODB_URI with
their own tools: see ops/runbook/backup.md. The backup then notes where its moment lies in PostgreSQL's log.

  --to DIR    holds the customers' data afterwards: keep it as you keep DATA_DIR, on another disk
`;

await runCommand({
  help,
  options: { to: { type: 'string' } },
  async run({ values: { to } }, progress) {
    if (to === undefined) throw new UsageProblem('Say where to: npm run backup -- --to DIR');
    const startedAt = performance.now();
    const { dataDir, postgres, mongo } = parseConfig(readEnvironment());
    const { elsewhere } = await takeBackup({
      dataDir,
      postgresUrl: postgres.url,
      mongo: mongo.uri !== undefined,
      to,
      now: Date.now,
      progress,
    });
    for (const { store, position } of elsewhere) {
      const at = position === undefined ? '' : ` The moment of this backup is at ${position} of its log.`;
      progress.warn(`${store} is a server of its own, and not in this backup.${at}`);
    }
    progress.done(`backup in ${to}`, performance.now() - startedAt);
    return 0;
  },
});
