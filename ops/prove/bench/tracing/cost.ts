import { join } from 'node:path';
import type { LoadResult } from '../load/loops.ts';
import type { Child } from '../measure/child.ts';
import type { Figures } from '../measure/figures.ts';
import { processorTimes } from '../measure/processes.ts';
import { usedBetween } from '../measure/processor-figures.ts';
import { errorOfMedian, median, rotated, sum } from '../measure/statistics.ts';
import type { GeneratorOrder } from '../shop/load-order.ts';
import { MeasuredShop, products } from '../shop/measured-shop.ts';
import { startGenerator } from '../shop/open-run.ts';
import { writeUntraced, type ChangedFile } from './write-untraced.ts';

export const variants = ['as it is', 'without tracing'] as const;
type VariantName = (typeof variants)[number];

const loads = { cart: 'GET cart', adds: 'add', checkouts: 'purchase' } as const;
type LoadName = keyof typeof loads;
export const loadNames = Object.keys(loads) as LoadName[];

const warmRounds = 2;

export interface TracingRun {
  readonly folder: string;
  readonly starts: number;
  readonly rounds: number;
  readonly seconds: number;
  /** What the second shop loads in place of its own. */
  readonly files: readonly ChangedFile[];
  readonly figures: Figures;
  readonly say: (line: string) => void;
}

interface Variant {
  readonly name: VariantName;
  readonly shop: MeasuredShop;
  readonly generator: Child<GeneratorOrder, LoadResult>;
}

export async function measureTracing(run: TracingRun): Promise<void> {
  const { folder, starts, files, say } = run;
  const nodeOptions = writeUntraced(join(folder, 'untraced'), files);
  for (let start = 0; start < starts; start++) {
    say(`start ${start + 1} of ${starts}`);
    const closing: (() => Promise<unknown>)[] = [];
    const open = async (name: VariantName): Promise<Variant> => {
      const others = name === 'as it is' ? {} : { NODE_OPTIONS: nodeOptions };
      const place = join(folder, `${start} ${name}`);
      // Whatever else the machine does meanwhile, nothing is to be refused.
      const shop = await MeasuredShop.start(place, { SHED_ABOVE_MS: '0', ...others });
      closing.push(() => shop.stop());
      const { client, tokens } = shop.process;
      const settings = { shopUrl: client.url, emptyUrl: client.url, tokens, products };
      const generator = await startGenerator(settings);
      closing.push(() => generator.stop());
      return { name, shop, generator };
    };
    try {
      const opened: Variant[] = [];
      for (const name of rotated(variants, start)) opened.push(await open(name));
      await measureStart(run, opened);
      for (const { shop, generator } of opened)
        await shop.audit((await generator.tell({ do: 'audit' })).operations);
    } finally {
      for (const close of closing.toReversed()) await close();
    }
  }
}

async function measureStart({ rounds, seconds, figures }: TracingRun, opened: readonly Variant[]) {
  for (let round = -warmRounds; round < rounds; round++) {
    for (const load of loadNames) {
      for (const { name, shop, generator } of rotated(opened, round + warmRounds)) {
        const before = processorTimes(shop.trees);
        const { operations } = await generator.tell({ do: load, durationMs: seconds * 1000 });
        const used = usedBetween(before, processorTimes(shop.trees));
        // Its servers do the same for both.
        const ofShop = sum([...used].map(([process, micros]) => (/^shop/.test(process) ? micros : 0)));
        if (round >= 0) figures.add(figureOf(load, name), ofShop / operations);
      }
    }
  }
}

const figureOf = (load: LoadName, name: VariantName) => `${loads[load]}, ${name}: processor us`;

export interface Cost {
  readonly what: string;
  /** Of each variant. */
  readonly micros: readonly number[];
  readonly percent: number;
  /** How far `percent` may be off by chance. */
  readonly error: number;
}

export function costOf(figures: Figures, load: LoadName, starts: number): Cost {
  const [shipped, without] = variants;
  const names = [figureOf(load, shipped), figureOf(load, without)] as const;
  const base = figures.rounds(names[1]);
  const pairs = figures.rounds(names[0]).map((value, round) => (value / (base[round] ?? NaN) - 1) * 100);
  const each = pairs.length / starts;
  const ofStarts = Array.from({ length: starts }, (_, start) =>
    median(pairs.slice(start * each, (start + 1) * each)),
  );
  return {
    what: loads[load],
    micros: names.map((name) => figures.median(name)),
    percent: median(pairs),
    // Rounds of one start have in common what sets its two processes apart.
    error: Math.max(errorOfMedian(pairs), errorOfMedian(ofStarts)),
  };
}
