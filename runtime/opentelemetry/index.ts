/** What a process's actors, asks, stores and event log do, as spans of OpenTelemetry. */
export { createRuntimeTracing } from './runtime-tracing.ts';
export type { RuntimeTracing, RuntimeTracingOptions } from './runtime-tracing.ts';
export type { TracedDatabase } from './traced-store.ts';
export { contextOf, traceOf } from './span-trace.ts';
