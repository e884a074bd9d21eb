import { figure, table } from './table.ts';
import { median, spread } from './statistics.ts';

/** All figures of a run by name, once for each round. */
export type Rounds = Readonly<Record<string, readonly number[]>>;

export interface Change {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  readonly verdict: 'better' | 'worse';
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Figures of both runs that differ by no more than their rounds do. */
  readonly same: number;
}

/** Fewer can't tell how far they lie from each other. */
const leastRounds = 3;
/** Less than so much of a figure is nothing, however quiet the machine was. */
const leastShare = 0.03;

/** A change counts when it is larger than twice what the rounds of both runs, each by its spread, explain. */
export function compareRounds(before: Rounds, now: Rounds): Comparison {
  const changes: Change[] = [];
  let same = 0;
  for (const [name, rounds] of Object.entries(now)) {
    const old = before[name] ?? [];
    if (Math.min(old.length, rounds.length) < leastRounds) continue;
    const [was, is] = [median(old), median(rounds)];
    const noise = Math.max(2 * Math.hypot(spread(old), spread(rounds)), leastShare * Math.abs(was));
    if (Math.abs(is - was) <= noise) same++;
    else
      changes.push({ name, before: was, now: is, verdict: is > was === isGain(name) ? 'better' : 'worse' });
  }
  return { changes, same };
}

/** As they are named, or what stands before the `÷` of their ratio. */
const times = /\bp[\d.]+\b|\bms\b/;

/** Of rates and their ratios to a reference more is better; of times, their ratios and memory less. */
const isGain = (name: string) => name.endsWith('per s') || (name.includes('÷') && !times.test(name));

export function renderComparison({ changes, same }: Comparison): string[] {
  const rows = changes.map(({ name, before, now, verdict }) => [
    name,
    figure(before),
    figure(now),
    `${now >= before ? '+' : ''}${figure((now / before - 1) * 100)} %`,
    verdict,
  ]);
  const note = `${same} other figures differ by no more than their rounds do.`;
  return [...table([['changed', 'before', 'now', '', ''], ...rows], [1, 2, 3]), note];
}
