import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../measure/child.ts';
import type { Figures } from '../measure/figures.ts';
import { memories, type ProcessTree } from '../measure/processes.ts';
import { sum } from '../measure/statistics.ts';
import type { LoadResult } from '../load/loops.ts';
import type { GeneratorOrder, LoadName } from './load-order.ts';
import { measureLoad } from './measure-load.ts';
import { durableWritesPerSecond, type Pgbench, type RedisBenchmark } from './references.ts';

/** What scenarios are run on. */
export interface Run {
  readonly generator: Child<GeneratorOrder, LoadResult>;
  /** The shop's processes, and those of its stores. */
  readonly trees: readonly ProcessTree[];
  /** The process with the empty route. */
  readonly empty: ProcessTree;
  readonly figures: Figures;
  readonly seconds: number;
  readonly dataDir: string;
  /** Undefined: there is none on this machine. */
  readonly pgbench: Pgbench | undefined;
  readonly redisBenchmark: RedisBenchmark | undefined;
}

export interface Scenario {
  readonly about: string;
  /** One round. */
  run(run: Run): Promise<void>;
}

/** By the name that `--only` takes. */
export const scenarios = {
  reads: {
    about: 'GET cart and GET products with stock, beside an empty Koa route',
    async run(run) {
      await load(run, 'empty');
      await load(run, 'cart');
      await load(run, 'products');
    },
  },
  adds: {
    about: 'adds to 1,000 carts and to one, beside pgbench -N; at half their rate, their p99',
    async run(run) {
      if (run.pgbench !== undefined) {
        run.figures.add('pgbench: per s', await run.pgbench.perSecond(Math.ceil(run.seconds * 200)));
      }
      await load(run, 'adds');
      await load(run, 'hotCart');
      await load(run, 'steadyAdds', { perSecond: Math.max(1, run.figures.median('adds: per s') / 2) });
    },
  },
  overload: {
    about: 'adds by 32 clients, three times as many as they did, and 2 s later by 32 clients again',
    async run(run) {
      await load(run, 'adds', { label: 'before overload' });
      const perSecond = 3 * run.figures.median('before overload: per s');
      await load(run, 'overload', { perSecond });
      await delay(2000);
      // One that is refused ends the run.
      await load(run, 'adds', { label: 'after overload' });
    },
  },
  checkouts: {
    about: '32 users who each add, buy and wait until the order is there',
    run: (run) => load(run, 'checkouts'),
  },
  alone: {
    about: 'the same by one user alone',
    run: (run) => load(run, 'alone'),
  },
  stores: {
    about: 'redis-benchmark, and a durable write of the file system',
    async run({ figures, seconds, dataDir, redisBenchmark }) {
      figures.add('durable write: per s', durableWritesPerSecond(dataDir, seconds * 200));
      if (redisBenchmark === undefined) return;
      const requests = Math.ceil(seconds * 20_000);
      figures.add('redis-benchmark SET: per s', await redisBenchmark.setsPerSecond(requests));
    },
  },
} satisfies Record<string, Scenario>;

export function measureMemory({ figures, trees }: Run): void {
  const sizes = memories(trees);
  figures.add('memory MiB', sum([...sizes.values()]));
  for (const [name, size] of sizes) figures.add(`memory MiB, ${name}`, size);
}

const load = (run: Run, name: LoadName, options: { label?: string; perSecond?: number } = {}) =>
  measureLoad({ ...run, trees: name === 'empty' ? [run.empty] : run.trees }, name, options);
