import type { Bar, Figure } from './bench.ts';

/** The bars as a table: name, value, what was asked, whether it holds. */
export function renderBars(bars: readonly Bar[]): string[] {
  const rows = bars.map(({ name, value, asked, ok }) => [
    name,
    round(value),
    asked,
    ok ? 'ok' : 'FALLS SHORT',
  ]);
  return table([['what', 'value', 'bar', ''], ...rows]);
}

export function renderFigures(figures: readonly Figure[]): string[] {
  const rows = figures.map(({ name, values }) => [
    name,
    Object.entries(values)
      .filter(([, value]) => !Number.isNaN(value))
      .map(([unit, value]) => `${round(value)} ${unit}`)
      .join(' · '),
  ]);
  return table(rows);
}

function round(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
