import type { Figures } from '../measure/figures.ts';
import { figure, table } from '../measure/table.ts';

const percentiles = ['p50', 'p90', 'p99', 'p99.9', 'max'];

/** How long each operation took, and its steps. */
export function renderLatencies(figures: Figures): string[] {
  const names = figures.names.flatMap((name) => /^(.+) ?p50 ms$/.exec(name)?.[1] ?? []);
  const rows = names.map((name) => [
    name.replace(/: $/, ''),
    ...percentiles.map((each) => figure(figures.median(`${name}${each} ms`))),
  ]);
  return table(
    [['ms', ...percentiles], ...rows],
    percentiles.map((_, index) => index + 1),
  );
}

/** Processor time of each operation, by process. */
export function renderProcessorTimes(figures: Figures): string[] {
  const found = figures.names.flatMap((name) => {
    const [, load = '', process = ''] = /^(.+): processor ms, (.+)$/.exec(name) ?? [];
    return load === '' ? [] : [{ load, process }];
  });
  const [loads, processes] = [
    [...new Set(found.map(({ load }) => load))],
    [...new Set(found.map(({ process }) => process))],
  ];
  const rows = loads.map((load) => [
    load,
    figure(figures.median(`${load}: processor ms`)),
    ...processes.map((process) => figure(figures.median(`${load}: processor ms, ${process}`))),
  ]);
  return table(
    [['processor ms per operation', 'whole shop', ...processes], ...rows],
    ['', ...processes].map((_, index) => index + 1),
  );
}
