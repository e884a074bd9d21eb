import { availableParallelism } from 'node:os';
import { whole, type LoadResult } from '../load/loops.ts';
import type { Child } from '../measure/child.ts';
import type { Figures } from '../measure/figures.ts';
import { machineTime, processorTimes, type ProcessTree } from '../measure/processes.ts';
import { addProcessorTimes, usedBetween } from '../measure/processor-figures.ts';
import type { LoadOrder } from './load-order.ts';

interface Loaded<Name extends string> {
  readonly generator: Child<LoadOrder<Name>, LoadResult>;
  /** All processes of what is loaded. */
  readonly trees: readonly ProcessTree[];
  readonly figures: Figures;
  /** How long. */
  readonly seconds: number;
}

/** Has the generator do one load, and adds what it came to to the figures under the label, default: the load's name. */
export async function measureLoad<Name extends string>(
  { figures, generator, trees, seconds }: Loaded<Name>,
  name: Name,
  { label = name, perSecond }: { label?: string; perSecond?: number | undefined } = {},
): Promise<void> {
  const startedAt = performance.now();
  const [before, machineBefore] = [processorTimes(trees), machineTime()];
  const report = await generator.tell({
    do: name,
    durationMs: seconds * 1000,
    ...(perSecond !== undefined && { perSecond }),
  });
  const [after, machineAfter] = [processorTimes(trees), machineTime()];
  const { operations, tookMs, latencies, processorMicros } = report;
  figures.add(`${label}: per s`, (operations / tookMs) * 1000);
  for (const [step, latency] of Object.entries(latencies)) {
    const of = step === whole ? `${label}:` : `${label}: ${step}`;
    for (const [percentile, ms] of Object.entries(latency)) figures.add(`${of} ${percentile} ms`, ms);
  }
  const ofAll = addProcessorTimes(figures, label, usedBetween(before, after), operations);
  figures.add(`${label}: processor ms, (generator)`, processorMicros / 1000 / operations);
  // Whoever else was busy took it from what is measured.
  const others = machineAfter - machineBefore - ofAll - processorMicros;
  const had = (performance.now() - startedAt) * 1000 * availableParallelism();
  figures.add(`${label}: others %`, (100 * Math.max(0, others)) / had);
}
