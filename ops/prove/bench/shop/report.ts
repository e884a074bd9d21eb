import type { Memory } from './memory.ts';
import type { Timing } from './timing.ts';

export interface ShopFigures {
  /** A new DATA_DIR, whose PostgreSQL files are made first. */
  readonly firstStartMs: number;
  /** A DATA_DIR that was there. */
  readonly startMs: number;
  readonly idleMiB: Memory;
  readonly afterLoadMiB: Memory;
  readonly timings: readonly Timing[];
}

/** A timing with its ratios to `GET /health` by as many callers in the same run. */
export function withRatios(timings: readonly Timing[]) {
  return timings.map((one) => {
    const health = timings.find(({ name, callers }) => name === 'GET /health' && callers === one.callers);
    return {
      ...one,
      p50ToHealth: one.p50Ms / (health?.p50Ms ?? NaN),
      rateToHealth: one.perSecond / (health?.perSecond ?? NaN),
    };
  });
}

export function render({ firstStartMs, startMs, idleMiB, afterLoadMiB, timings }: ShopFigures): string {
  const head = ['', 'callers', 'p50 ms', 'p95 ms', 'per s', 'p50 ÷ health', 'rate ÷ health', 'n'];
  const rows = withRatios(timings).map((one) => [
    one.name,
    String(one.callers),
    figure(one.p50Ms),
    figure(one.p95Ms),
    figure(one.perSecond),
    figure(one.p50ToHealth),
    figure(one.rateToHealth),
    String(one.count),
  ]);
  const memory = ({ shop, redis, postgres }: Memory) =>
    `process ${shop ?? '?'} MiB, Redis ${redis ?? '?'} MiB, PostgreSQL ${postgres ?? '?'} MiB`;
  return [
    `Start        first ${(firstStartMs / 1000).toFixed(2)} s, again ${(startMs / 1000).toFixed(2)} s`,
    `Idle         ${memory(idleMiB)}`,
    `After load   ${memory(afterLoadMiB)}`,
    '',
    ...table([head, ...rows]),
    '',
    'Read the ratios: all is measured in one run, on one machine, with the callers in a process beside the shop.',
  ].join('\n');
}

function figure(value: number): string {
  if (Number.isNaN(value)) return '';
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const aligned = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(aligned).join('  ').trimEnd());
}
