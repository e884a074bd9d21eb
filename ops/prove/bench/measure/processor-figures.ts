import type { Figures } from './figures.ts';
import { sum } from './statistics.ts';

/** Processor time by process, in microseconds. */
type Times = ReadonlyMap<string, number>;

/** What was used between two moments. */
export function usedBetween(before: Times, after: Times): Map<string, number> {
  return new Map([...after].map(([process, micros]) => [process, micros - (before.get(process) ?? 0)]));
}

/** Adds what was used for so many operations, of all processes and of each, to the figures. Returns that of all, in microseconds. */
export function addProcessorTimes(figures: Figures, label: string, used: Times, operations = 1): number {
  const ofAll = sum([...used.values()]);
  figures.add(`${label}: processor ms`, ofAll / 1000 / operations);
  for (const [process, micros] of used) {
    figures.add(`${label}: processor ms, ${process}`, micros / 1000 / operations);
  }
  return ofAll;
}
