import type { Figures } from '../measure/figures.ts';
import { machineLine } from '../measure/outcome.ts';
import { othersNote, renderProcessorTimes } from '../shop/report.ts';
import { renderSized, type Sized } from './growth.ts';
import { loadsOf, type ShopPart } from './shops.ts';

/** What is held to a bar: the processor time of each operation. */
export function sizedFigures(parts: readonly ShopPart[], sizes: readonly number[]): Sized[] {
  const names = parts.flatMap((part): readonly string[] => {
    if (part === 'idle') return ['idle second'];
    return part === 'start' ? ['start'] : loadsOf[part];
  });
  return names.map((name) => ({ name, what: 'processor ms', sizes, of: 'users' }));
}

/** In parts, with a blank line between. */
export function renderScale(figures: Figures, sized: readonly Sized[]): string[][] {
  const also = (what: string) =>
    sized.map((each) => ({ ...each, what })).filter((each) => figures.names.some(isOf(each)));
  return [
    renderSized(figures, [...also('s'), ...also('p50 ms'), ...also('p99 ms')]),
    renderSized(figures, sized),
    renderProcessorTimes(figures),
    [machineLine, ...othersNote(figures)],
  ];
}

const isOf =
  ({ name, what }: Sized) =>
  (figure: string): boolean =>
    figure.startsWith(`${name} @ `) && figure.endsWith(`: ${what}`);
