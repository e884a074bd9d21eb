import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import type { Command, Given } from '../../shop/process/run-command.ts';
import { UsageProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { startChild, type Child } from './measure/child.ts';
import { Figures } from './measure/figures.ts';
import { rotated } from './measure/statistics.ts';
import { figure } from './measure/table.ts';
import type { GeneratorOrder, GeneratorSettings, LoadReport } from './shop/load-order.ts';
import { MeasuredShop, products } from './shop/measured-shop.ts';
import { judge, renderVerdicts } from './shop/promises.ts';
import { Pgbench, RedisBenchmark } from './shop/references.ts';
import { renderLatencies, renderProcessorTimes } from './shop/report.ts';
import { measureMemory, scenarios, type Run, type Scenario } from './shop/scenarios.ts';

const help = `npm run bench -- shop [--only NAMES] [--rounds N] [--seconds S] [--json FILE]

Starts a shop on a DATA_DIR of its own by \`npm start\`, with no payment delay and no limit of requests, and loads it
from a process of its own, beside what this machine does at best. Read the ratios: they are medians of rounds within
one run. Every answer is checked, every cart and order counted at the end. Ends with 1 when a bar falls short.

  --only NAMES    some of these, with commas between:${Object.entries(scenarios)
    .map(([name, { about }]) => `\n                    ${name.padEnd(11)}${about}`)
    .join('')}
  --rounds N      default 5
  --seconds S     of each load in each round; default 2
  --json FILE     writes all figures of all rounds
`;

const options = {
  only: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '2' },
  json: { type: 'string' },
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- shop …` */
export const shopBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (lines: string[]) => void process.stdout.write(`${lines.join('\n')}\n\n`);

async function measure(values: Values): Promise<number> {
  const [rounds, seconds] = [numberOf(values, 'rounds'), numberOf(values, 'seconds')];
  const chosen = chosenOf(values.only);
  const folder = temporaryFolder('bench');
  try {
    const figures = await onShop(folder, seconds, async (run, audit) => {
      say('warming up');
      // Compiled code and full carts, of which nothing is kept.
      await roundOf(chosen, { ...run, figures: new Figures() });
      for (let round = 0; round < rounds; round++) {
        say(`round ${round + 1} of ${rounds}`);
        await roundOf(rotated(chosen, round), run);
        measureMemory(run);
      }
      await audit();
      return run.figures;
    });
    const verdicts = judge(figures);
    print(renderLatencies(figures));
    print(renderProcessorTimes(figures));
    print(machineLines(figures));
    print(renderVerdicts(verdicts));
    if (values.json !== undefined) {
      await writeFile(
        values.json,
        `${JSON.stringify({ rounds, seconds, verdicts, figures }, undefined, 2)}\n`,
      );
    }
    return verdicts.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    removeTemporaryFolder(folder);
  }
}

function numberOf(values: Values, name: 'rounds' | 'seconds'): number {
  const value = Number(values[name]);
  if (value > 0 && value <= 600 && (name === 'seconds' || Number.isInteger(value))) return value;
  throw new UsageProblem(`--${name}: got '${values[name]}', wanted a number from 1 to 600.`);
}

function chosenOf(only: string | undefined): Scenario[] {
  const names = only?.split(',') ?? Object.keys(scenarios);
  return names.map((name) => {
    const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
    if (scenario !== undefined) return scenario;
    throw new UsageProblem(`--only knows ${Object.keys(scenarios).join(', ')}, not '${name}'.`);
  });
}

async function roundOf(chosen: readonly Scenario[], run: Run): Promise<void> {
  for (const scenario of chosen) await scenario.run(run);
}

/** Starts all that a run needs, and ends it, whatever happens. */
async function onShop<T>(
  folder: string,
  seconds: number,
  use: (run: Run, audit: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const closing: (() => Promise<void>)[] = [];
  try {
    const startedAt = performance.now();
    const shop = await MeasuredShop.start(folder);
    closing.push(() => shop.stop());
    const figures = new Figures();
    figures.add('start s', (performance.now() - startedAt) / 1000);

    const koa: Child<object, { port: number }> = await startChild(
      new URL('empty-koa.ts', import.meta.url),
      {},
    );
    closing.push(() => koa.stop());
    const settings: GeneratorSettings = {
      shopUrl: shop.process.client.url,
      emptyUrl: `http://127.0.0.1:${koa.ready.port}`,
      tokens: shop.process.tokens,
      products,
    };
    const generator: Child<GeneratorOrder, LoadReport> = await startChild(
      new URL('load-generator.ts', import.meta.url),
      settings,
    );
    closing.push(() => generator.stop());

    const pgbench = await Pgbench.open(await shop.createDatabase('pgbench'));
    const redisBenchmark = await RedisBenchmark.open(folder);
    if (redisBenchmark !== undefined) closing.push(() => redisBenchmark.close());
    for (const [name, tool] of Object.entries({ pgbench, 'redis-benchmark': redisBenchmark })) {
      if (tool === undefined) say(`There is no ${name} on this machine: what it tells is not measured.`);
    }
    const run: Run = {
      generator,
      trees: shop.trees,
      figures,
      seconds,
      dataDir: shop.dataDir,
      pgbench,
      redisBenchmark,
    };
    return await use(run, async () => shop.audit((await generator.tell({ do: 'audit' })).operations));
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

function machineLines(figures: Figures): string[] {
  const [first] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const per = ['durable write', 'redis-benchmark SET', 'pgbench', 'empty'].map(
    (name) => `${name} ${figure(figures.median(`${name}: per s`))}/s`,
  );
  const memory = figures.names
    .filter((name) => name.startsWith('memory MiB, '))
    .map((name) => `${name.slice('memory MiB, '.length)} ${figure(figures.median(name))} MiB`);
  return [
    `Node ${process.version}, ${cpus().length} × ${first?.model ?? '?'}, ${gibibytes} GiB`,
    `this machine: ${per.join(', ')}`,
    `memory: ${memory.join(', ')}`,
    `start: ${figure(figures.median('start s'))} s, the first on this DATA_DIR`,
  ];
}
