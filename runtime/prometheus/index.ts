/** What a process's actors, asks and stores do, as metrics of `prom-client`. */
export { createRuntimeMetrics } from './runtime-metrics.ts';
export type { RuntimeMetrics, RuntimeMetricsOptions } from './runtime-metrics.ts';
export { durationBuckets } from './duration-buckets.ts';
export { DurationHistogram } from './duration-histogram.ts';
export type { DurationHistogramOptions } from './duration-histogram.ts';
