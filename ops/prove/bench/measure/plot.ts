import { figure } from './table.ts';

/* Plots as SVG that needs nothing but itself. */

export interface StackedRow {
  readonly label: string;
  /** By name, from left to right. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface StackedBars {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly StackedRow[];
  /** A line across all rows. */
  readonly mark?: number;
}

export interface Curves {
  readonly title: string;
  readonly unit: string;
  /** Below the plot, from left to right. */
  readonly steps: readonly string[];
  /** A value for each step, by name; drawn on a logarithmic scale. */
  readonly curves: Readonly<Record<string, readonly number[]>>;
}

const colours = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#bf3989', '#9a6700', '#57606a', '#0550ae'];
const colourOf = (index: number) => colours[index % colours.length] ?? '';
const [width, labelWidth, valueWidth, rowHeight] = [860, 240, 90, 26] as const;

/** Horizontal bars, each made of parts. */
export function drawStackedBars({ title, unit, rows, mark }: StackedBars): string {
  const names = [...new Set(rows.flatMap(({ parts }) => Object.keys(parts)))];
  const totals = rows.map(({ parts }) => Object.values(parts).reduce((total, part) => total + part, 0));
  const scale = (width - labelWidth - valueWidth) / Math.max(...totals, mark ?? 0, Number.MIN_VALUE);
  const top = topBelow(names.length > 1 ? names : []);
  const height = top + rows.length * rowHeight + 16;
  const bars = rows.flatMap(({ label, parts }, row) => {
    const y = top + row * rowHeight;
    let x: number = labelWidth;
    const drawn = Object.entries(parts).map(([name, part]) => {
      const rect = `<rect x="${round(x)}" y="${y}" width="${round(part * scale)}" height="${rowHeight - 8}" fill="${colourOf(names.indexOf(name))}"/>`;
      x += part * scale;
      return rect;
    });
    const total = `${figure(totals[row] ?? NaN)} ${unit}`;
    return [text(labelWidth - 8, y + 13, label, 'end'), ...drawn, text(x + 6, y + 13, total)];
  });
  const markAt = labelWidth + (mark ?? 0) * scale;
  const line = `<path d="M${round(markAt)} ${top - 6}V${height - 12}" stroke="#cf222e" stroke-dasharray="4 3"/>`;
  return svg(title, height, [
    ...(names.length > 1 ? legend(names) : []),
    ...bars,
    ...(mark === undefined ? [] : [line]),
  ]);
}

/** Curves over the same steps. */
export function drawCurves({ title, unit, steps, curves }: Curves): string {
  const [left, right, plotHeight] = [80, 20, 300];
  const names = Object.keys(curves);
  const values = Object.values(curves).flat();
  const [low, high] = [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values))),
  ];
  const from = topBelow(names);
  const x = (step: number) => left + (step * (width - left - right)) / Math.max(1, steps.length - 1);
  const y = (value: number) => from + plotHeight * (1 - (Math.log10(value) - low) / Math.max(1, high - low));
  const grid = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)).flatMap((value) => [
    `<path d="M${left} ${round(y(value))}H${width - right}" stroke="#d0d7de"/>`,
    text(left - 8, y(value) + 4, `${value} ${unit}`, 'end'),
  ]);
  const lines = Object.values(curves).map((curve, index) => {
    const points = curve.map((value, step) => `${round(x(step))} ${round(y(value))}`);
    return `<path d="M${points.join('L')}" fill="none" stroke="${colourOf(index)}" stroke-width="2"/>`;
  });
  const below = steps.map((step, index) =>
    text(x(index), from + plotHeight + 18, step, index === steps.length - 1 ? 'end' : 'middle'),
  );
  return svg(title, from + plotHeight + 30, [...legend(names), ...grid, ...lines, ...below]);
}

const legendColumns = 4;
const topBelow = (names: readonly string[]) => 46 + Math.ceil(names.length / legendColumns) * 18;

function legend(names: readonly string[]): string[] {
  return names.flatMap((name, index) => {
    const [x, y] = [20 + (index % legendColumns) * 205, 34 + Math.floor(index / legendColumns) * 18];
    return [
      `<rect x="${x}" y="${y}" width="10" height="10" fill="${colourOf(index)}"/>`,
      text(x + 15, y + 9, name),
    ];
  });
}

function svg(title: string, height: number, shapes: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="22" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...shapes,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, words: string, anchor = 'start'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#1f2328">${escaped(words)}</text>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
const escaped = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
