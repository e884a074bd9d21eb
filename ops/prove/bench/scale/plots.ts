import type { Figures } from '../measure/figures.ts';
import { drawCurves } from '../measure/plot.ts';
import { mediansOf, type Sized } from './growth.ts';

/** The plots of a run, as SVG by name: one for each kind of sizes. */
export function plotsOf(figures: Figures, kinds: readonly Sized[][]): Record<string, string> {
  const plots = kinds.flatMap((kind) => {
    const [first] = kind;
    const curves = kind
      .map((each) => [each.name, mediansOf(figures, each)] as const)
      .filter(([, values]) => !values.some(Number.isNaN));
    if (first === undefined || curves.length === 0) return [];
    const { what, of, sizes } = first;
    const [title = what, unit = ''] = what.split(/ (?=[^ ]+$)/);
    const svg = drawCurves({
      title: `By the number of ${of}: ${title} of each`,
      unit,
      steps: sizes.map((size) => size.toLocaleString('en')),
      curves: Object.fromEntries(curves),
    });
    return [[of, svg] as const];
  });
  return Object.fromEntries(plots);
}
