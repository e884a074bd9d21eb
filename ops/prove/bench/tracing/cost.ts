import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { developmentSecret } from '../../../shop/config/config.ts';
import { eventually } from '../../e2e/eventually.ts';
import type { LoadResult } from '../load/loops.ts';
import { startChild, type Child } from '../measure/child.ts';
import type { Figures } from '../measure/figures.ts';
import { errorOfMedian, median, rotated } from '../measure/statistics.ts';
import type { GeneratorOrder } from '../shop/load-order.ts';
import { startGenerator } from '../shop/open-run.ts';
import type { TracingHostReport } from '../tracing-host.ts';
import { variantNames, type VariantName } from './variants.ts';
import { writeUntraced, type ChangedFile } from './write-untraced.ts';

const loads = { cart: 'GET cart', adds: 'add', checkouts: 'purchase' } as const;
/** Those of which fewer are done in a second take longer. */
const longer: Readonly<Record<LoadName, number>> = { cart: 1, adds: 1, checkouts: 2 };
type LoadName = keyof typeof loads;
export const loadNames = Object.keys(loads) as LoadName[];

/** Of each load and shop, until all that is run often is compiled. */
const warmMs = 4_000;
const traceId = '0af7651916cd43dd8448eb211c80319c';

export interface TracingRun {
  readonly folder: string;
  readonly starts: number;
  readonly rounds: number;
  readonly seconds: number;
  /** What the second shop is made of in place of its own sources. */
  readonly files: readonly ChangedFile[];
  readonly figures: Figures;
  readonly say: (line: string) => void;
}

type Host = Child<{ readonly do: 'report' }, TracingHostReport>;
type Generator = Child<GeneratorOrder, LoadResult>;

export async function measureTracing(run: TracingRun): Promise<void> {
  const { folder, starts, files, say } = run;
  const nodeOptions = writeUntraced(join(folder, 'sources'), files);
  for (let start = 0; start < starts; start++) {
    say(`start ${start + 1} of ${starts}`);
    const place = join(folder, `start-${start}`);
    mkdirSync(place);
    const closing: (() => Promise<unknown>)[] = [];
    try {
      const program = new URL('../tracing-host.ts', import.meta.url);
      const host: Host = await startChild(program, { folder: place }, { nodeOptions, runs: 'as sources' });
      closing.push(() => host.stop());
      const generators = new Map<VariantName, Generator>();
      for (const name of variantNames) {
        const url = host.ready.urls[name] ?? '';
        await expectTrace(host, name, name === 'as it is' || files.length === 0);
        const tokens = { secret: developmentSecret, issuer: 'ecommerce-platform' };
        const generator = await startGenerator({ shopUrl: url, emptyUrl: url, tokens, products: 0 });
        closing.push(() => generator.stop());
        generators.set(name, generator);
      }
      await measureStart(run, host, [...generators]);
      // Each cart has to hold what was answered.
      for (const generator of generators.values()) await generator.tell({ do: 'audit' });
    } finally {
      for (const close of closing.toReversed()) await close();
    }
  }
}

async function measureStart(
  { rounds, seconds, figures }: TracingRun,
  host: Host,
  generators: readonly (readonly [VariantName, Generator])[],
): Promise<void> {
  const micros = async () => (await host.tell({ do: 'report' })).processorMicros;
  for (const load of loadNames) {
    for (const [, generator] of generators) await generator.tell({ do: load, durationMs: warmMs });
    for (let round = 0; round < rounds; round++) {
      // In turn, so that neither always comes after the other.
      for (const [name, generator] of rotated(generators, round)) {
        const before = await micros();
        const { operations } = await generator.tell({ do: load, durationMs: seconds * longer[load] * 1000 });
        figures.add(figureOf(load, name), ((await micros()) - before) / operations);
      }
    }
  }
}

/** In a shop that knows of traces, the line of a request in the log has the trace that was sent with it. */
async function expectTrace(host: Host, name: VariantName, isExpected: boolean): Promise<void> {
  const requestId = `bench-${randomUUID()}`;
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-00`, 'x-request-id': requestId };
  await (await fetch(`${host.ready.urls[name] ?? ''}/api/v1/products`, { headers })).arrayBuffer();
  const line = await eventually(
    () =>
      readFileSync(host.ready.logs[name] ?? '', 'utf8')
        .split('\n')
        .find((each) => each.includes(requestId)),
    'the line of a request in the log',
  );
  if (line.includes(traceId) !== isExpected)
    throw new Error(
      `${name}: the line of a request should ${isExpected ? '' : 'not '}have its trace: ${line}`,
    );
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
  const names = [figureOf(load, 'as it is'), figureOf(load, 'without tracing')] as const;
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
    // Rounds of one start have in common how its process has compiled the two.
    error: Math.max(errorOfMedian(pairs), errorOfMedian(ofStarts)),
  };
}
