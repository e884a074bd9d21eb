import { openLineOutput } from '@trolley/runtime/observe';
import { readEnvironment } from '../../shop/environment.ts';
import { takeSignals } from '../../shop/process/ending.mjs';
import { createProgress } from '../../shop/process/progress.ts';
import { exitCodes, tellProblem, versionLine } from '../../shop/process/run-command.ts';
import { runNamedCommand } from '../../shop/process/run-named-command.ts';
import { clusterScenario } from './cluster-scenario.ts';
import { outageScenario } from './outage-scenario.ts';
import type { ChaosScenario } from './scenario.ts';

/* `npm run chaos -- NAME [flags]` */

const command = (scenario: ChaosScenario) => ({
  summary: scenario.summary,
  async run(args: readonly string[]) {
    process.exitCode = await run(scenario, args);
  },
});

await runNamedCommand({
  script: 'chaos',
  about: 'Treats real processes badly and checks what they promised.',
  commands: { cluster: command(clusterScenario), outage: command(outageScenario) },
});

async function run(scenario: ChaosScenario, args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('--version')) {
    process.stdout.write(args.includes('--help') ? scenario.help : versionLine);
    return exitCodes.done;
  }
  const progress = createProgress(openLineOutput(process.stderr));
  const stopping = new AbortController();
  takeSignals((name) => {
    if (stopping.signal.aborted) return;
    progress.warn(`${name}: stopping what was started`);
    stopping.abort();
  });
  try {
    const passed = await scenario.run(args, {
      terminal: process.stdout,
      signal: stopping.signal,
      searchPath: readEnvironment()['PATH'] ?? '',
    });
    return passed ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    return tellProblem(error, progress);
  }
}
