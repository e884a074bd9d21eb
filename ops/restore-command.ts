import { inWords } from './backup/reconcile.ts';
import { restoreBackup } from './backup/restore-backup.ts';
import { parseConfig } from './config/parse-config.ts';
import { readEnvironment } from './environment.ts';
import { exitCodes, runCommand } from './infra/run-command.ts';
import { UsageProblem } from './infra/start-problem.ts';

const help = `npm run restore -- --from DIR

Makes a DATA_DIR of a backup that npm run backup wrote. DATA_DIR must be new or empty. Checks the backup first, reads
everything back afterwards, and holds the stores against each other. Then: npm start.

  --from DIR    the backup

Ends with 0 when all is well, with 1 when it could not restore, with 2 when it was called wrongly, with 3 when it has
restored and the stores do not agree (it says how).
`;

await runCommand({
  help,
  options: { from: { type: 'string' } },
  async run({ values: { from } }, progress) {
    if (from === undefined) throw new UsageProblem('Say from where: npm run restore -- --from DIR');
    const startedAt = performance.now();
    const { dataDir } = parseConfig(readEnvironment());
    const { manifest, mismatches } = await restoreBackup({ from, dataDir, progress });
    for (const { store } of manifest.elsewhere)
      progress.warn(
        `${store} is a server of its own: bring it back to ${manifest.takenAt} with its own tools.`,
      );
    progress.done(`${dataDir} as of ${manifest.takenAt}`, performance.now() - startedAt);
    for (const mismatch of mismatches) progress.fail(inWords(mismatch));
    return mismatches.length === 0 ? exitCodes.done : exitCodes.disagree;
  },
});
