import type { Figures } from '../measure/figures.ts';
import { machineLine } from '../measure/outcome.ts';
import { figure, table } from '../measure/table.ts';

export const percentiles = ['p50', 'p90', 'p99', 'p99.9', 'max'];

/** How long each operation took, and its steps, by percentile. */
export function latenciesOf(figures: Figures): { readonly name: string; readonly values: number[] }[] {
  const prefixes = figures.names.flatMap((name) => /^(.+ )p50 ms$/.exec(name)?.[1] ?? []);
  return prefixes.map((prefix) => ({
    name: prefix.replace(/:? $/, ''),
    values: percentiles.map((each) => figures.median(`${prefix}${each} ms`)),
  }));
}

export function renderLatencies(figures: Figures): string[] {
  const rows = latenciesOf(figures).map(({ name, values }) => [name, ...values.map(figure)]);
  return numbers(['latency, ms', ...percentiles], rows);
}

interface ProcessorTimes {
  readonly load: string;
  readonly whole: number;
  readonly byProcess: Readonly<Record<string, number>>;
}

/** Processor time of each operation in milliseconds; that of the generator is none of the shop's. */
export function processorTimesOf(figures: Figures): ProcessorTimes[] {
  const loads = figures.names.flatMap((name) => /^(.+): processor ms$/.exec(name)?.[1] ?? []);
  return loads.map((load) => {
    const prefix = `${load}: processor ms, `;
    const names = figures.names.filter((name) => name.startsWith(prefix));
    return {
      load,
      whole: figures.median(`${load}: processor ms`),
      byProcess: Object.fromEntries(names.map((name) => [name.slice(prefix.length), figures.median(name)])),
    };
  });
}

export function renderProcessorTimes(figures: Figures): string[] {
  const times = processorTimesOf(figures);
  const processes = [...new Set(times.flatMap(({ byProcess }) => Object.keys(byProcess)))];
  const rows = times.map(({ load, whole, byProcess }) => [
    load,
    figure(whole),
    ...processes.map((process) => figure(byProcess[process] ?? NaN)),
    `${figure(figures.median(`${load}: others %`))} %`,
  ]);
  return numbers(['processor ms per operation', 'whole shop', ...processes, 'others on this machine'], rows);
}

/** What the figures stand on. */
export function renderMachine(figures: Figures): string[] {
  const references = figures.names.filter((name) => /^(durable|redis|pgbench|empty).*: per s$/.test(name));
  const memory = figures.names.filter((name) => name.startsWith('memory MiB, '));
  return [
    machineLine,
    `references: ${references.map((name) => `${name.replace(': per s', '')} ${figure(figures.median(name))}/s`).join(', ')}`,
    `memory: ${memory.map((name) => `${name.slice('memory MiB, '.length)} ${figure(figures.median(name))} MiB`).join(', ')}`,
    ...othersNote(figures),
    ...slownessNote(figures),
    `first start on a DATA_DIR: ${figure(figures.median('start s'))} s`,
  ];
}

/** Per cent of the machine; below it is what a machine does by itself. */
const quiet = 10;

/** Whether the run was alone on its machine. */
export function othersNote(figures: Figures): string[] {
  const names = figures.names.filter((name) => name.endsWith(': others %'));
  const most = Math.max(...names.map((name) => figures.median(name)));
  const sentence = `Others took up to ${figure(most)} % of this machine meanwhile: rates and latencies tell of them, too.`;
  return most > quiet ? [sentence] : [];
}

/** What a machine does at least for which the bars without a reference were set. */
const setFor = [
  { name: 'an empty Koa route', of: 'empty: per s', least: 30_000 },
  { name: 'pgbench -N', of: 'pgbench: per s', least: 7_000 },
] as const;

/** Whether this machine is slower than those for which the bars in /s and ms were set. */
export function slownessNote(figures: Figures): string[] {
  const measured = setFor.filter(({ of }) => figures.rounds(of).length > 0);
  const slower = measured.filter(({ of, least }) => figures.median(of) < least);
  const told = slower.map(
    ({ name, of, least }) => `${name} does ${figure(least)}/s (here ${figure(figures.median(of))}/s)`,
  );
  return told.length === 0
    ? []
    : [`Bars in /s and ms are for a machine on which ${told.join(' and ')}: read the ratios.`];
}

function numbers(heads: readonly string[], rows: readonly string[][]): string[] {
  return table(
    [heads, ...rows],
    heads.slice(1).map((_, index) => index + 1),
  );
}
