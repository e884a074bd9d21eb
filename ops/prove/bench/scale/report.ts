import type { Figures } from '../measure/figures.ts';
import { machineLine } from '../measure/outcome.ts';
import { othersNote, renderProcessorTimes } from '../shop/report.ts';
import { renderSized, type Sized } from './growth.ts';
import { actorCounts } from './memory.ts';
import { processCounts, processLoads } from './processes.ts';
import { loadsOf, type ShopPart } from './shops.ts';

/** What is held to a bar, by kind of size: the processor time of each operation, and what an actor takes in memory. */
export function sizedFigures(parts: readonly ShopPart[], sizes: readonly number[]): Sized[][] {
  const names = parts.flatMap((part): readonly string[] => {
    if (part === 'idle') return ['idle second'];
    return part === 'start' ? ['start'] : loadsOf[part];
  });
  return [
    names.map((name) => ({ name, what: 'processor ms', sizes, of: 'users' })),
    Object.keys(processLoads).map((name) => ({
      name,
      what: 'processor ms',
      sizes: processCounts,
      of: 'processes',
    })),
    [{ name: 'active actor', what: 'heap KB', sizes: actorCounts, of: 'actors' }],
  ];
}

/** What is told of them beside it, and judged by nobody. */
const beside = ['s', 'p50 ms', 'p99 ms'];

/** In parts, with a blank line between. */
export function renderScale(figures: Figures, kinds: readonly Sized[][]): string[][] {
  const isMeasured = ({ name, what }: Sized) =>
    figures.names.some((figure) => figure.startsWith(`${name} @ `) && figure.endsWith(`: ${what}`));
  const tables = kinds.flatMap((kind) => [
    kind.filter(isMeasured),
    beside.flatMap((what) => kind.map((each) => ({ ...each, what }))).filter(isMeasured),
  ]);
  return [
    ...tables.filter((each) => each.length > 0).map((each) => renderSized(figures, each)),
    renderProcessorTimes(figures),
    [machineLine, ...othersNote(figures)],
  ];
}
