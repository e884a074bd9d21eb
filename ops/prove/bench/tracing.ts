import type { Command, Given } from '../../shop/process/run-command.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { atMost, renderBars } from './measure/bar.ts';
import { Figures } from './measure/figures.ts';
import { compareHelp, comparisonWith, jsonHelp, keepOutcome, outcomeOptions, readEarlier } from './measure/outcome.ts'; // prettier-ignore
import { roundsOption, sizeOf } from './measure/size.ts';
import { figure, table } from './measure/table.ts';
import { costOf, loadNames, measureTracing } from './tracing/cost.ts';
import { variantNames } from './tracing/variants.ts';
import { untracedSources } from './tracing/write-untraced.ts';

const help = `npm run bench -- tracing [--starts N] [--rounds N] [--seconds S] [--same] [--json FILE] [--compare FILE]

Measures what tracing costs that is off: a shop as it is, tracing off, beside the same shop without anything of tracing
in it. That one is made for the run: whatever carries a trace, asks for one or looks for a hook is taken out of its
sources as they are loaded. Both run in one process, on servers of their own, and are loaded by turns; what counts is
the processor time of that process for a GET of a cart, an add, and a purchase (add, checkout, until the order is
listed). One process compiles the two a little differently, another time otherwise: so it is started several times.
Ends with 1 when one of them costs more than 1 %. Takes some eight minutes, and wants a quiet machine.

  --starts N      of that process; default 4
  --rounds N      of each start; default 40: short ones, since a machine changes its pace
  --seconds S     of each load, twice that of purchases; default 0.25
  --same          the shop as it is, twice: what this measures where there is nothing
${jsonHelp}${compareHelp}`;

const { json, compare } = outcomeOptions;
const options = {
  starts: { type: 'string', default: '4' },
  rounds: { ...roundsOption, default: '40' },
  seconds: { type: 'string', default: '0.25' },
  same: { type: 'boolean', default: false },
  json,
  compare,
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- tracing …` */
export const tracingBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

const mostPercent = 1;
const say = (line: string) => void process.stderr.write(`${line}\n`);

async function measure(values: Values): Promise<number> {
  const { same: isSame } = values;
  const starts = sizeOf('starts', values.starts);
  const [rounds, seconds] = [sizeOf('rounds', values.rounds), sizeOf('seconds', values.seconds)];
  const earlier = readEarlier(values.compare);
  const files = untracedSources();
  const hooks = files.reduce((all, file) => all + file.hooks, 0);
  say(isSame ? 'the shop as it is, twice' : `${hooks} places in ${files.length} files are without tracing`);
  const folder = temporaryFolder('bench');
  const figures = new Figures();
  try {
    await measureTracing({ folder, starts, rounds, seconds, files: isSame ? [] : files, figures, say });
  } finally {
    removeTemporaryFolder(folder);
  }
  const costs = loadNames.map((load) => costOf(figures, load, starts));
  const rows = costs.map(({ what, micros, percent, error }) => [
    what,
    ...micros.map(figure),
    `${percent.toFixed(2)} %`,
    `± ${error.toFixed(2)} %`,
  ]);
  const bars = costs.map(({ what, percent }) =>
    atMost(`${what}: tracing that is off costs`, percent, mostPercent, '%'),
  );
  const parts = [
    table(
      [['', ...variantNames.map((name) => `${name}: processor us`), 'costs', 'give or take'], ...rows],
      [1, 2, 3],
    ),
    renderBars(bars),
    comparisonWith(earlier, figures),
  ];
  process.stdout.write(`${parts.map((part) => part.join('\n')).join('\n\n')}\n`);
  const facts = { starts, rounds, seconds, hooks, files: files.length, isSame, bars };
  await keepOutcome({ json: values.json }, { figures, facts, plots: {} });
  return bars.every(({ ok }) => ok) ? 0 : 1;
}
