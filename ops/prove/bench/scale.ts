import type { Command, Given } from '../../shop/process/run-command.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { renderBars } from './measure/bar.ts';
import { Figures } from './measure/figures.ts';
import { comparisonWith, keepOutcome, outcomeHelp, outcomeOptions, readEarlier } from './measure/outcome.ts';
import { chosenParts, onlyHelp } from './measure/parts.ts';
import { secondsOption, sizeOf, thousandsOf } from './measure/size.ts';
import { growthBars } from './scale/growth.ts';
import { plotsOf } from './scale/plots.ts';
import { renderScale, sizedFigures } from './scale/report.ts';
import { bytesFor, gib, requireRoom } from './scale/room.ts';
import { idleBars, measureMemory } from './scale/memory.ts';
import { measureProcesses } from './scale/processes.ts';
import { isShopPart, measureShops, shopParts } from './scale/shops.ts';

const largest = 1_000_000;

/** By the name that `--only` takes. */
const allParts = {
  ...shopParts,
  processes: 'asks of actors over 2, 4 and 8 processes, in PostgreSQL',
  memory: 'what an actor takes in memory, active and idle',
} as const;

const help = `npm run bench -- scale [--only NAMES] [--size N] [--rounds N] [--seconds S] [--json FILE]
                          [--plots DIR] [--compare FILE]

Starts shops that differ only in what they hold: carts, finished checkouts with their orders, payments and
reservations, and processed events, 1,000 of each, 100,000, and 1,000,000. Their stores are filled directly, with rows
like those that the shop writes; the shop is then asked for some of them. All get the same load in turn. Read the
processor times of an operation and their ratios, which are medians of rounds within one run. Ends with 1 when an
operation of the largest shop needs over a tenth more than one of the smallest.

Needs ${gib(bytesFor(sizesUpTo(largest)))} in the folder for temporary files (TMPDIR).

${onlyHelp(allParts)}  --size N        of the largest, in thousands of users; default ${largest / 1000}
  --rounds N      default 3
  --seconds S     of each load in each round; default 2
${outcomeHelp}`;

const options = {
  only: { type: 'string' },
  size: { type: 'string', default: String(largest / 1000) },
  rounds: { type: 'string', default: '3' },
  seconds: secondsOption,
  ...outcomeOptions,
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- scale …` */
export const scaleBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (lines: string[]) => void process.stdout.write(`${lines.join('\n')}\n\n`);

async function measure(values: Values): Promise<number> {
  const [rounds, seconds] = [sizeOf('rounds', values.rounds), sizeOf('seconds', values.seconds)];
  const sizes = sizesUpTo(thousandsOf(values.size, 2));
  const parts = chosenParts(allParts, values.only);
  const earlier = readEarlier(values.compare);
  const folder = temporaryFolder('bench');
  try {
    const ofShops = parts.filter(isShopPart);
    if (ofShops.length > 0) requireRoom(folder, sizes);
    const figures = new Figures();
    const run = { folder, rounds, seconds, figures, say };
    if (parts.includes('memory')) await measureMemory(run);
    if (parts.includes('processes')) await measureProcesses(run);
    if (ofShops.length > 0) await measureShops({ ...run, sizes, parts: ofShops });
    const kinds = sizedFigures(ofShops, sizes);
    const bars = [...growthBars(figures, kinds.flat()), ...idleBars(figures)];
    for (const part of renderScale(figures, kinds)) print(part);
    if (earlier !== undefined) print(comparisonWith(earlier, figures));
    print(renderBars(bars));
    await keepOutcome(values, {
      figures,
      facts: { rounds, seconds, sizes, bars },
      plots: plotsOf(figures, kinds),
    });
    return bars.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    removeTemporaryFolder(folder);
  }
}

/** From the smallest on. */
function sizesUpTo(most: number): number[] {
  return [...[1_000, 100_000].filter((size) => size < most), most];
}
