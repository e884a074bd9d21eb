import { figure, table } from './table.ts';

/** One promise, measured. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly bar: number;
  readonly ok: boolean;
  /** `≥ 3 ×` */
  readonly asked: string;
}

export const atLeast = (name: string, value: number, bar: number, unit = '×'): Bar => ({
  name,
  value,
  bar,
  ok: value >= bar,
  asked: `≥ ${bar} ${unit}`,
});

export const atMost = (name: string, value: number, bar: number, unit = '×'): Bar => ({
  name,
  value,
  bar,
  ok: value <= bar,
  asked: `≤ ${bar} ${unit}`,
});

/** The bars as a table: name, value, what was asked, whether it holds. */
export function renderBars(bars: readonly Bar[]): string[] {
  const rows = bars.map(({ name, value, asked, ok }) => [
    name,
    figure(value),
    asked,
    ok ? 'ok' : 'FALLS SHORT',
  ]);
  return table([['what', 'value', 'bar', ''], ...rows]);
}
