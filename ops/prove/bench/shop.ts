import type { Command, Given } from '../../shop/process/run-command.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { comparisonWith, keepOutcome, outcomeHelp, outcomeOptions, readEarlier } from './measure/outcome.ts';
import { chosenParts, onlyHelp } from './measure/parts.ts';
import { roundsOption, secondsOption, sizeOf } from './measure/size.ts';
import { rotated } from './measure/statistics.ts';
import { warmUp } from './measure/warm-up.ts';
import { onShop } from './shop/open-run.ts';
import { plotsOf } from './shop/plots.ts';
import { addRatios, judge, renderVerdicts } from './shop/promises.ts';
import { renderLatencies, renderMachine, renderProcessorTimes } from './shop/report.ts';
import { measureMemory, scenarios, type Run, type Scenario } from './shop/scenarios.ts';

const help = `npm run bench -- shop [--only NAMES] [--rounds N] [--seconds S] [--json FILE]
                         [--plots DIR] [--compare FILE]

Starts a shop on a DATA_DIR of its own by \`npm start\`, with no payment delay and no limit of requests, and loads it
from a process of its own, beside what this machine does at best. Read the ratios: they are medians of rounds within
one run. The line 'generator late' is the delay of the loading process itself, which has the same cores. Every answer
is checked, every cart and order counted at the end. Ends with 1 when a bar falls short.

${onlyHelp(scenarios)}  --rounds N      default 5
  --seconds S     of each load in each round; default 2
${outcomeHelp}`;

const options = {
  only: { type: 'string' },
  rounds: roundsOption,
  seconds: secondsOption,
  ...outcomeOptions,
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- shop …` */
export const shopBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (lines: string[]) => void process.stdout.write(`${lines.join('\n')}\n\n`);

async function measure(values: Values): Promise<number> {
  const [rounds, seconds] = [sizeOf('rounds', values.rounds), sizeOf('seconds', values.seconds)];
  const chosen = chosenParts(scenarios, values.only).map((name): Scenario => scenarios[name]);
  const earlier = readEarlier(values.compare);
  const folder = temporaryFolder('bench');
  try {
    const figures = await onShop({ folder, seconds, say }, async (run, audit) => {
      say('warming up');
      await warmUp((figures) => roundOf(chosen, { ...run, figures }));
      for (let round = 0; round < rounds; round++) {
        say(`round ${round + 1} of ${rounds}`);
        await roundOf(rotated(chosen, round), run);
        measureMemory(run);
      }
      await audit();
      return run.figures;
    });
    addRatios(figures);
    const verdicts = judge(figures);
    print(renderLatencies(figures));
    print(renderProcessorTimes(figures));
    print(renderMachine(figures));
    if (earlier !== undefined) print(comparisonWith(earlier, figures));
    print(renderVerdicts(verdicts));
    await keepOutcome(values, {
      figures,
      facts: { rounds, seconds, verdicts },
      plots: plotsOf(figures, verdicts),
    });
    return verdicts.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    removeTemporaryFolder(folder);
  }
}

async function roundOf(chosen: readonly Scenario[], run: Run): Promise<void> {
  for (const scenario of chosen) await scenario.run(run);
}
