import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** How long operations took, in milliseconds. */
export type Latency = Readonly<Record<'p50' | 'p90' | 'p99' | 'p99.9' | 'max', number>>;

/** Latencies of one kind, in an HdrHistogram (Node brings one) of microseconds with three digits. */
export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: 3_600_000_000,
    figures: 3,
  });

  add(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1000)));
  }

  summary(): Latency {
    const at = (percentile: number) => this.#histogram.percentile(percentile) / 1000;
    return { p50: at(50), p90: at(90), p99: at(99), 'p99.9': at(99.9), max: this.#histogram.max / 1000 };
  }
}
