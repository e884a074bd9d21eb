import { restoreBackup } from './backup/restore-backup.ts';
import { parseConfig } from '../shop/config/parse-config.ts';
import { readEnvironment } from '../shop/environment.ts';
import { exitCodes, runCommand } from '../shop/process/run-command.ts';
import { UsageProblem } from '../shop/process/start-problem.ts';
import { summaryOf } from './reconcile/say-findings.ts';

const help = `npm run restore -- --from DIR [--strict]

Restores a backup of npm run backup into DATA_DIR, which must be new or empty. Checks the backup first, reads everything
back afterwards, and compares the stores with each other, as npm run reconcile does. Then: npm start.

  --from DIR    the backup
  --strict      restore nothing if the stores do not agree

Ends with 0 when all is well, with 1 when nothing was restored, with 2 when it was called wrongly, with 3 when it has
restored and the stores do not agree.
`;

await runCommand({
  help,
  options: { from: { type: 'string' }, strict: { type: 'boolean', default: false } },
  async run({ values: { from, strict } }, progress) {
    if (from === undefined || from === '')
      throw new UsageProblem('Say from where: npm run restore -- --from DIR');
    const startedAt = performance.now();
    const config = parseConfig(readEnvironment());
    const { dataDir } = config;
    const sessionRetentionMs = config.checkout.retentionMs;
    const { manifest, findings } = await restoreBackup({
      from,
      dataDir,
      strict,
      sessionRetentionMs,
      progress,
    });
    for (const { store } of manifest.elsewhere)
      progress.warn(
        `${store} is a server of its own: bring it back to ${manifest.takenAt} with its own tools.`,
      );
    if (findings.total === 0)
      progress.done(`${dataDir} as of ${manifest.takenAt}`, performance.now() - startedAt);
    else progress.fail(`${summaryOf(findings)} ${dataDir} is as of ${manifest.takenAt} all the same.`);
    return findings.total === 0 ? exitCodes.done : exitCodes.disagree;
  },
});
