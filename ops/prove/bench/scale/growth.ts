import type { Bar } from '../measure/bar.ts';
import { atMost } from '../measure/bar.ts';
import type { Figures } from '../measure/figures.ts';
import { figure, table } from '../measure/table.ts';

/* Whether a figure grows with the size of what it is measured on. */

/** `adds @ 1,000`: a name of a figure or of a load, and the size that it was measured at. */
export const at = (name: string, size: number) => `${name} @ ${size.toLocaleString('en')}`;

/** What may be worse by noise, and by a tree with one level more. */
const most = 1.1;

/** A figure by size, all of one unit. */
export interface Sized {
  /** Of the load. */
  readonly name: string;
  /** What is told of it: `processor ms`. */
  readonly what: string;
  /** From the smallest on; the first is what the others are held against. */
  readonly sizes: readonly number[];
  /** What the sizes are: `carts`. */
  readonly of: string;
}

const nameOf = ({ name, what }: Sized, size: number) => `${at(name, size)}: ${what}`;

/** Undefined: not measured in this run. */
function growthOf(figures: Figures, sized: Sized, size: number): number {
  return figures.ratio(nameOf(sized, size), nameOf(sized, sized.sizes[0] ?? NaN));
}

/** A bar for the largest size. What a machine does not tell holds for nothing, and is no failure. */
export function growthBars(figures: Figures, all: readonly Sized[]): Bar[] {
  return all.flatMap((sized) => {
    const [first = NaN, largest = NaN] = [sized.sizes[0], sized.sizes.at(-1)];
    const growth = growthOf(figures, sized, largest);
    if (Number.isNaN(growth)) return [];
    const name = `${sized.name}: ${sized.what}, ${largest.toLocaleString('en')} ${sized.of} ÷ ${first.toLocaleString('en')}`;
    return [atMost(name, growth, most)];
  });
}

/** From the smallest size on. */
export const mediansOf = (figures: Figures, sized: Sized) =>
  sized.sizes.map((size) => figures.median(nameOf(sized, size)));

/** A line for each figure, a column for each size; those of one kind of sizes. */
export function renderSized(figures: Figures, all: readonly Sized[]): string[] {
  const [{ sizes, of } = { sizes: [], of: '' }] = all;
  const heads = ['', ...sizes.map((size) => `${size.toLocaleString('en')} ${of}`), '÷'];
  const rows = all.map((sized) => [
    `${sized.name}: ${sized.what}`,
    ...mediansOf(figures, sized).map(figure),
    figure(growthOf(figures, sized, sizes.at(-1) ?? NaN)),
  ]);
  return table(
    [heads, ...rows],
    heads.slice(1).map((_, index) => index + 1),
  );
}
