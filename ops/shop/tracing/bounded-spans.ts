import { ExportResultCode } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { Counter, type Registry } from 'prom-client';
import type { Clock, Logger } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';

interface BoundedSpansOptions {
  readonly exporter: SpanExporter;
  readonly maxQueued: number;
  readonly gatherMs: number;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long one batch may take, the exporter's own retries included. */
const exportTimeoutMs = 10_000;
const maxBatch = 512;
const firstSilenceMs = 10_000;
const maxSilenceMs = 600_000;

/**
 * Gathers ended spans and sends them in batches, so many waiting at most. What is dropped is counted, and that a collector
 * takes none is told, each time after a longer silence: a shop does without its traces.
 */
export function boundedSpans(options: BoundedSpansOptions): SpanProcessor {
  const { exporter, maxQueued, gatherMs, registry, clock, logger } = options;
  const exported = new Counter({
    name: 'trolley_spans_exported_total',
    help: 'Spans that the collector has taken.',
    registers: [registry],
  });
  const dropped = new Counter({
    name: 'trolley_spans_dropped_total',
    help: 'Spans that were lost. Reason: queue_full; not_taken, the collector was away or refused them.',
    labelNames: ['reason'],
    registers: [registry],
  });
  let queued = 0;
  let silentUntil = -Infinity;
  let silenceMs = firstSilenceMs;

  function notTaken(spans: number, error: Error | undefined): void {
    dropped.inc({ reason: 'not_taken' }, spans);
    const now = clock.monotonic();
    if (now < silentUntil) return;
    silentUntil = now + silenceMs;
    silenceMs = Math.min(silenceMs * 2, maxSilenceMs);
    logger.warn({ reason: reasonOf(error) }, 'spans could not be sent and are lost');
  }

  function taken(spans: number): void {
    exported.inc(spans);
    if (silentUntil > -Infinity) logger.info('spans are sent again');
    silentUntil = -Infinity;
    silenceMs = firstSilenceMs;
  }

  const batches = new BatchSpanProcessor({
    maxQueueSize: maxQueued,
    maxExportBatchSize: Math.min(maxBatch, maxQueued),
    scheduledDelayMillis: gatherMs,
    exportTimeoutMillis: exportTimeoutMs,
    exporter: {
      export(spans: ReadableSpan[], done) {
        queued -= spans.length;
        exporter.export(spans, (result) => {
          if (result.code === ExportResultCode.SUCCESS) taken(spans.length);
          else notTaken(spans.length, result.error);
          // It has been told of: the SDK has nothing to add.
          done({ code: ExportResultCode.SUCCESS });
        });
      },
      shutdown: () => exporter.shutdown(),
    },
  });
  return {
    onStart: () => undefined,
    onEnd(span) {
      if ((span.spanContext().traceFlags & 1) === 0) return;
      // The SDK would drop it without a word.
      if (queued >= maxQueued) return dropped.inc({ reason: 'queue_full' });
      queued += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}
