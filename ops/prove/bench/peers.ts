import type { Command, Given } from '../../shop/process/run-command.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import type { LoadResult } from './load/loops.ts';
import type { Child } from './measure/child.ts';
import { Figures } from './measure/figures.ts';
import {
  compareHelp,
  comparisonWith,
  jsonHelp,
  keepOutcome,
  machineLine,
  outcomeOptions,
  readEarlier,
} from './measure/outcome.ts';
import { atLeast, renderBars } from './measure/bar.ts';
import { roundsOption, secondsOption, sizeOf } from './measure/size.ts';
import { rotated } from './measure/statistics.ts';
import { figure, table } from './measure/table.ts';
import { warmUp } from './measure/warm-up.ts';
import { peerPackages, startDbos, startPlain, startRestate, type Contender } from './peers/contenders.ts';
import type { GeneratorOrder, LoadName } from './shop/load-order.ts';
import { measureLoad } from './shop/measure-load.ts';
import { MeasuredShop, products } from './shop/measured-shop.ts';
import { startGenerator } from './shop/open-run.ts';

const help = `npm run bench -- peers [--rounds N] [--seconds S] [--json FILE] [--compare FILE]

Measures the same shop on Restate, on DBOS and on plain Node with a row of PostgreSQL, in turn with ours in one run,
under the same load. Their code is the shortest that is honest (ops/prove/bench/peers/): no tokens, and participants of
a checkout that do nothing, where ours are services with stores of their own. Their packages are installed into the
cache of downloads. Ends with 1 when a bar falls short.

  --rounds N      default 5
  --seconds S     of each load in each round; default 2
${jsonHelp}${compareHelp}`;

const { json, compare } = outcomeOptions;
const options = { rounds: roundsOption, seconds: secondsOption, json, compare } as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- peers …` */
export const peersBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

const loads: readonly LoadName[] = ['cart', 'adds', 'hotCart', 'checkouts', 'alone'];
const ours = 'Trolley';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (lines: string[]) => void process.stdout.write(`${lines.join('\n')}\n\n`);

async function measure(values: Values): Promise<number> {
  const [rounds, seconds] = [sizeOf('rounds', values.rounds), sizeOf('seconds', values.seconds)];
  const earlier = readEarlier(values.compare);
  const figures = new Figures();
  const folder = temporaryFolder('bench');
  const closing: (() => Promise<void>)[] = [];
  try {
    const packages = await peerPackages(say);
    const entries: Entry[] = [];
    for (const start of [startOurs, startRestate, startDbos, startPlain]) {
      const contender = await start(folder, packages);
      closing.push(() => contender.close());
      say(`${contender.name}: ${contender.about}`);
      const generator = await startGenerator({
        shopUrl: contender.url,
        emptyUrl: contender.url,
        tokens: contender.tokens,
        products,
      });
      closing.push(() => generator.stop());
      entries.push({ contender, generator });
    }
    say('warming up');
    await warmUp(async (unkept) => {
      for (const load of loads) await turn(load, entries, unkept, seconds);
    });
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`);
      for (const load of loads) await turn(load, rotated(entries, round), figures, seconds);
    }
    for (const { generator } of entries) await generator.tell({ do: 'audit' });
    const names = entries.map(({ contender }) => contender.name);
    print([machineLine, ...entries.map(({ contender: { name, about } }) => `${name}: ${about}`)]);
    print(renderContenders(figures, names));
    if (earlier !== undefined) print(comparisonWith(earlier, figures));
    const ratio = figures.ratio(`${ours}, checkouts: per s`, 'Restate, checkouts: per s');
    const bars = [atLeast('checkouts until ordered, 32 users, against Restate', ratio, 2.2)];
    print(renderBars(bars));
    await keepOutcome(values, { figures, facts: { rounds, seconds, bars } });
    return bars.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    for (const close of closing.toReversed()) await close();
    removeTemporaryFolder(folder);
  }
}

interface Entry {
  readonly contender: Contender;
  readonly generator: Child<GeneratorOrder, LoadResult>;
}

async function startOurs(folder: string): Promise<Contender> {
  const shop = await MeasuredShop.start(folder);
  return {
    name: ours,
    about: 'by npm start: tokens, services with SQLite, saga, events; fsync on',
    url: shop.process.client.url,
    tokens: shop.process.tokens,
    trees: shop.trees,
    close: () => shop.stop(),
  };
}

async function turn(
  load: LoadName,
  entries: readonly Entry[],
  figures: Figures,
  seconds: number,
): Promise<void> {
  for (const { contender, generator } of entries) {
    const { name, trees } = contender;
    await measureLoad({ generator, trees, figures, seconds }, load, { label: `${name}, ${load}` });
  }
}

/** A line for each figure, a column for each of them. */
function renderContenders(figures: Figures, names: readonly string[]): string[] {
  const rows = [
    ...loads.filter((load) => load !== 'alone').map((load) => [`${load}: per s`, `${load}: per s`]),
    ...['add', 'checkout', 'order'].map((step) => [`one user: ${step}, p50 ms`, `alone: ${step} p50 ms`]),
    ...loads.map((load) => [`${load}: processor ms each`, `${load}: processor ms`]),
  ] as [string, string][];
  const lines = rows.map(([what, of]) => [
    what,
    ...names.map((name) => figure(figures.median(`${name}, ${of}`))),
  ]);
  return table(
    [['', ...names], ...lines],
    names.map((_, index) => index + 1),
  );
}
