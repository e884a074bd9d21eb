import { readEnvironment } from '../environment.ts';
import { takeSignals } from '../infra/ending.mjs';
import { createProgress } from '../infra/progress.ts';
import { isStartProblem } from '../infra/start-problem.ts';
import { clusterScenario } from './cluster-scenario.ts';
import { outageScenario } from './outage-scenario.ts';
import type { ChaosScenario } from './scenario.ts';

const scenarios: Readonly<Record<string, ChaosScenario>> = {
  cluster: clusterScenario,
  outage: outageScenario,
};

const usage = `npm run chaos -- <scenario> [flags]

Treats real processes badly and checks what they promised.

${Object.entries(scenarios)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join('\n')}

npm run chaos -- <scenario> --help tells its flags.
`;

const [name = '', ...args] = process.argv.slice(2);
const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;

if (scenario === undefined) {
  process.stdout.write(usage);
  process.exitCode = name === '' || name === '--help' ? 0 : 2;
} else if (args.includes('--help')) {
  process.stdout.write(scenario.help);
} else {
  process.exitCode = await run(scenario);
}

async function run(chosen: ChaosScenario): Promise<number> {
  const progress = createProgress(process.stdout);
  const stopping = new AbortController();
  takeSignals((name) => {
    if (stopping.signal.aborted) return;
    progress.warn(`${name}: stopping what was started`);
    stopping.abort();
  });
  try {
    const passed = await chosen.run(args, {
      terminal: process.stdout,
      signal: stopping.signal,
      searchPath: readEnvironment()['PATH'] ?? '',
    });
    return passed ? 0 : 1;
  } catch (error) {
    if (!isStartProblem(error)) throw error;
    progress.fail(error.message);
    return 2;
  }
}
