import { startChild, type Child } from '../measure/child.ts';
import { Figures } from '../measure/figures.ts';
import type { LoadResult } from '../load/loops.ts';
import type { GeneratorOrder, GeneratorSettings } from './load-order.ts';
import { MeasuredShop, products } from './measured-shop.ts';
import { Pgbench, RedisBenchmark } from './references.ts';
import type { Run } from './scenarios.ts';

interface Place {
  readonly folder: string;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

export function startGenerator(settings: GeneratorSettings): Promise<Child<GeneratorOrder, LoadResult>> {
  return startChild(new URL('../load-generator.ts', import.meta.url), settings);
}

/** Starts all that a run needs, and ends it, whatever happens. */
export async function onShop<T>(
  { folder, seconds, say }: Place,
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
      new URL('../empty-koa.ts', import.meta.url),
      {},
    );
    closing.push(() => koa.stop());
    const generator = await startGenerator({
      shopUrl: shop.process.client.url,
      emptyUrl: `http://127.0.0.1:${koa.ready.port}`,
      tokens: shop.process.tokens,
      products,
    });
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
      empty: { name: 'Koa', pid: koa.pid },
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
