import type { Bench, Contender, Figure } from './bench.ts';
import { median, rotated } from '../measure/statistics.ts';
import { loadWithAsks, type AskLoad, type LoadResult } from './load.ts';
import { readUsage, usagePerMessage, type Usage } from './usage.ts';

export type Trial = LoadResult & { readonly usage: Usage };

/** One measured run of a contender, with what it used of the processors. */
export async function measure(
  bench: Bench,
  { host }: Contender,
  work: () => Promise<LoadResult>,
): Promise<Trial> {
  const before = await readUsage(bench.redis, host);
  const result = await work();
  const after = await readUsage(bench.redis, host);
  return { ...result, usage: usagePerMessage(before, after, result.messages) };
}

/** The same load on each contender in turn, as often as the bench repeats; `beside` is measured in each round. */
export async function repeatAsks<C extends Contender>(
  bench: Bench,
  contenders: readonly C[],
  load: (contender: C) => AskLoad,
  beside: () => Promise<void> = () => Promise.resolve(),
): Promise<Map<C, Trial[]>> {
  const trials = new Map<C, Trial[]>(contenders.map((one) => [one, []]));
  for (let i = 0; i < bench.repetitions; i++) {
    await beside();
    for (const one of rotated(contenders, i)) {
      trials.get(one)?.push(await measure(bench, one, () => loadWithAsks(one.variant, load(one))));
    }
  }
  return trials;
}

export const medianOf = (trials: readonly Trial[] | undefined, value: (trial: Trial) => number): number =>
  median((trials ?? []).map(value));

export const rateOf = (trials: readonly Trial[] | undefined) => medianOf(trials, (one) => one.perSecond);

/** The absolute figures of a contender's trials; processor times in microseconds per message. */
export function figureOf(name: string, trials: readonly Trial[] | undefined): Figure {
  return {
    name,
    values: {
      'per s': rateOf(trials),
      'p50 ms': medianOf(trials, (one) => one.p50Ms),
      'p99 ms': medianOf(trials, (one) => one.p99Ms),
      'Redis µs': medianOf(trials, (one) => one.usage.redis),
      'client µs': medianOf(trials, (one) => one.usage.client),
      'host µs': medianOf(trials, (one) => one.usage.host),
    },
  };
}
