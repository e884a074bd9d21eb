import type { Command, Given } from '../../shop/process/run-command.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { costBars, measureCost, renderCost } from './console/cost.ts';
import { measurePages, pageBars, renderPages } from './console/pages.ts';
import { renderBars, type Bar } from './measure/bar.ts';
import { Figures } from './measure/figures.ts';
import {
  compareHelp,
  comparisonWith,
  jsonHelp,
  keepOutcome,
  outcomeOptions,
  readEarlier,
} from './measure/outcome.ts';
import { chosenParts, onlyHelp } from './measure/parts.ts';
import { sizeOf, thousandsOf } from './measure/size.ts';

/** By the name that `--only` takes. */
const parts = {
  pages: 'each view of each page, with much to look at',
  cost: 'what a tab on each page costs a shop under load',
} as const;

const help = `npm run bench -- console [--only NAMES] [--size N] [--rounds N] [--seconds S] [--json FILE]
                           [--compare FILE]

First asks a console what its pages ask, with a million finished checkouts, 5,000 that run and 5,000 mailboxes in which
messages wait, beside an empty route, a PING of Redis and a SELECT 1. EXPLAIN says by which index each statement reads.
Then loads a shop as \`npm start\` starts it, in turn with a tab open on each page of its console and without.

Ends with 1 when a view takes more than 200 ms, the poll of Bull Board more than 50 ms or 100 KB, a statement reads a
large table without an index or more than 10,000 rows of it, or the open tabs cost the shop more than 2 %. Needs some
6 GB in the folder for temporary files (TMPDIR).

${onlyHelp(parts)}  --size N        finished checkouts, in thousands; default 1000
  --rounds N      looks at each view, and pairs of loads; default 16
  --seconds S     of each load; default 4
${jsonHelp}${compareHelp}`;

const { json, compare } = outcomeOptions;
const options = {
  only: { type: 'string' },
  size: { type: 'string', default: '1000' },
  rounds: { type: 'string', default: '16' },
  seconds: { type: 'string', default: '4' },
  json,
  compare,
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- console …` */
export const consoleBench: Command<typeof options> = {
  help,
  options,
  run: ({ values }) => measure(values),
};

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (lines: string[]) => void process.stdout.write(`${lines.join('\n')}\n\n`);
const [running, mailboxes] = [5_000, 5_000];

async function measure(values: Values): Promise<number> {
  const [rounds, seconds] = [sizeOf('rounds', values.rounds), sizeOf('seconds', values.seconds)];
  const sizes = { finished: thousandsOf(values.size, 1), running, mailboxes };
  const chosen = chosenParts(parts, values.only);
  const earlier = readEarlier(values.compare);
  const folder = temporaryFolder('bench');
  const figures = new Figures();
  const bars: Bar[] = [];
  try {
    const run = { folder, rounds, seconds, figures, say };
    if (chosen.includes('pages')) {
      const reads = await measurePages({ ...run, sizes });
      for (const part of renderPages(figures, reads)) print(part);
      bars.push(...pageBars(figures, reads));
    }
    if (chosen.includes('cost')) {
      await measureCost(run);
      print(renderCost(figures));
      bars.push(...costBars(figures));
    }
    if (earlier !== undefined) print(comparisonWith(earlier, figures));
    print(renderBars(bars));
    await keepOutcome(values, { figures, facts: { rounds, seconds, sizes, bars } });
    return bars.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    removeTemporaryFolder(folder);
  }
}
