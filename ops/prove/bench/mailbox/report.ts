import { figure, table } from '../measure/table.ts';
import type { Figure } from './bench.ts';

export function renderFigures(figures: readonly Figure[]): string[] {
  const rows = figures.map(({ name, values }) => [
    name,
    Object.entries(values)
      .filter(([, value]) => !Number.isNaN(value))
      .map(([unit, value]) => `${figure(value)} ${unit}`)
      .join(' · '),
  ]);
  return table(rows);
}
