import type { Figures } from '../measure/figures.ts';
import { figure, table } from '../measure/table.ts';

/** What is promised of a figure, or of its ratio to a reference in the same run. */
interface ShopPromise {
  readonly what: string;
  readonly figure: string;
  readonly unit: string;
  readonly against?: { readonly figure: string; readonly name: string };
  readonly atLeast?: number;
  readonly atMost?: number;
}

const koa = { figure: 'empty: per s', name: 'empty Koa route' };
const pgbench = { figure: 'pgbench: per s', name: 'pgbench -N' };
const manyUsers = { figure: 'adds: per s', name: 'adds, 1,000 users' };

const promises: readonly ShopPromise[] = [
  { what: 'GET cart', figure: 'cart: per s', unit: '/s', against: koa, atLeast: 0.4 },
  { what: 'GET products with stock', figure: 'products: per s', unit: '/s', against: koa, atLeast: 0.4 },
  { what: 'adds, 1,000 users', figure: 'adds: per s', unit: '/s', against: pgbench, atLeast: 0.45 },
  { what: 'adds, one cart', figure: 'hotCart: per s', unit: '/s', against: manyUsers, atLeast: 1 },
  { what: 'adds at half that rate: p99', figure: 'steadyAdds: p99 ms', unit: 'ms', atMost: 25 },
  {
    what: 'adds let in at three times the load: p99',
    figure: 'overload: let in p99 ms',
    unit: 'ms',
    against: { figure: 'before overload: p99 ms', name: 'p99 before' },
    atMost: 2,
  },
  { what: 'checkouts until ordered, 32 users', figure: 'checkouts: per s', unit: '/s', atLeast: 350 },
  { what: '  processor time of each', figure: 'checkouts: processor ms', unit: 'ms', atMost: 4.5 },
  { what: 'one user: add, p50', figure: 'alone: add p50 ms', unit: 'ms', atMost: 2 },
  { what: '  checkout, p50', figure: 'alone: checkout p50 ms', unit: 'ms', atMost: 8 },
  { what: '  order visible after it, p50', figure: 'alone: order p50 ms', unit: 'ms', atMost: 8 },
  { what: 'memory of the whole shop', figure: 'memory MiB', unit: 'MiB', atMost: 600 },
];

/** The ratios to references, round by round, as figures of their own. */
export function addRatios(figures: Figures): void {
  for (const { what, figure: name, against } of promises) {
    if (against === undefined) continue;
    const to = figures.rounds(against.figure);
    figures
      .rounds(name)
      .forEach((value, round) => figures.add(`${what} ÷ ${against.name}`, value / (to[round] ?? NaN)));
  }
}

export interface Verdict {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly reference?: string;
  readonly referenceValue?: number;
  readonly ratio?: number;
  /** How far the bar is met: 1, just so. NaN: not measured. */
  readonly met: number;
  /** `≥ 0.4` */
  readonly asked: string;
  readonly ok: boolean;
}

/** Each promise that this run can tell of. One whose reference is missing on this machine holds for nothing, and is no failure. */
export function judge(figures: Figures): Verdict[] {
  const told = promises.filter(({ figure: name }) => figures.rounds(name).length > 0);
  return told.map(({ what, figure: name, unit, against, atLeast, atMost }) => {
    const value = figures.median(name);
    const ratio = against && figures.ratio(name, against.figure);
    const judged = ratio ?? value;
    const met = atLeast === undefined ? (atMost ?? NaN) / judged : judged / atLeast;
    return {
      what,
      value,
      unit,
      ...(against && { reference: against.name, referenceValue: figures.median(against.figure) }),
      ...(ratio !== undefined && { ratio }),
      asked: atLeast === undefined ? `≤ ${atMost ?? ''}` : `≥ ${atLeast}`,
      met,
      ok: !(met < 1),
    };
  });
}

export function renderVerdicts(verdicts: readonly Verdict[]): string[] {
  const rows = verdicts.map(({ what, value, unit, reference, referenceValue, ratio, asked, met, ok }) => [
    what,
    `${figure(value)} ${unit}`,
    reference === undefined ? '' : `${reference} ${figure(referenceValue ?? NaN)}`,
    ratio === undefined ? '' : figure(ratio),
    asked,
    verdictOf(met, ok),
  ]);
  return table([['what', 'figure', 'reference', 'ratio', 'bar', ''], ...rows], [1, 3]);
}

function verdictOf(met: number, ok: boolean): string {
  if (Number.isNaN(met)) return 'not measured';
  return ok ? 'ok' : 'FALLS SHORT';
}
