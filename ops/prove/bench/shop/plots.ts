import type { Figures } from '../measure/figures.ts';
import { drawCurves, drawStackedBars } from '../measure/plot.ts';
import type { Verdict } from './promises.ts';
import { latenciesOf, percentiles, processorTimesOf } from './report.ts';

/** The plots of a run, as SVG by name. */
export function plotsOf(figures: Figures, verdicts: readonly Verdict[]): Record<string, string> {
  const measured = verdicts.filter(({ met }) => !Number.isNaN(met));
  const latencies = latenciesOf(figures).map(({ name, values }) => [name, values] as const);
  const [flows, requests] = [true, false].map((wanted) =>
    latencies.filter(([name]) => /^(checkouts|alone)/.test(name) === wanted),
  );
  const curves = (title: string, of = latencies) =>
    drawCurves({ title, unit: 'ms', steps: percentiles, curves: Object.fromEntries(of) });
  const loads = processorTimesOf(figures).filter(({ load }) => load !== 'alone');
  return {
    bars: drawStackedBars({
      title: 'How far each bar is met (1 = just)',
      unit: '×',
      rows: measured.map(({ what, met }) => ({ label: what.trim(), parts: { met } })),
      mark: 1,
    }),
    requests: curves('Latency of a request', requests),
    checkouts: curves('Latency of a purchase and its steps, by 32 users and by one', flows),
    processor: drawStackedBars({
      title: 'Processor time of each operation, by process',
      unit: 'ms',
      rows: loads.map(({ load, byProcess }) => ({ label: load, parts: byProcess })),
    }),
  };
}
