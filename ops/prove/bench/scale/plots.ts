import type { Figures } from '../measure/figures.ts';
import { drawCurves } from '../measure/plot.ts';
import { mediansOf, type Sized } from './growth.ts';

/** The plots of a run, as SVG by name. */
export function plotsOf(figures: Figures, sized: readonly Sized[]): Record<string, string> {
  const [{ sizes } = { sizes: [] }] = sized;
  const curves = sized.map((each) => [each.name, mediansOf(figures, each)] as const);
  return {
    scale: drawCurves({
      title: 'Processor time of each operation, by what the shop holds',
      unit: 'ms',
      steps: sizes.map((size) => size.toLocaleString('en')),
      curves: Object.fromEntries(curves.filter(([, values]) => !values.some(Number.isNaN))),
    }),
  };
}
