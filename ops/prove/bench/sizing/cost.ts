/** What one of something costs. */
export interface Cost {
  readonly what: string;
  readonly value: number;
  readonly unit: 'bytes' | 'µs of processor' | '× a GET /health';
  /** Under which circumstances. */
  readonly note: string;
}

export function renderCosts(costs: readonly Cost[]): string {
  const rows = costs.map(({ what, value, unit, note }) => `| ${what} | ${figure(value)} ${unit} | ${note} |`);
  return ['| What | Costs | Measured |', '|---|---|---|', ...rows].join('\n');
}

/** Two digits: more would promise more than one run on one machine can tell. */
function figure(value: number): string {
  if (value === 0) return '0';
  const digits = value < 10 ? 1 : 1 - Math.floor(Math.log10(value));
  const factor = 10 ** digits;
  return (Math.round(value * factor) / factor).toLocaleString('en');
}
