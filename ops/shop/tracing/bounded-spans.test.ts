import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { FakeClock, recordMessages } from '@trolley/runtime/testing';
import { boundedSpans } from './bounded-spans.ts';

describe('the spans that wait to be sent', () => {
  let clock: FakeClock;
  let registry: Registry;
  let provider: TracerProvider;
  /** Batches that the collector has not answered. */
  let asked: { readonly names: readonly string[]; readonly answer: (result: ExportResult) => void }[];
  let told: string[];

  function open(maxQueued: number): void {
    clock = new FakeClock();
    registry = new Registry();
    asked = [];
    const { logger, messages } = recordMessages('info');
    told = messages;
    const processor = boundedSpans({
      exporter: {
        export: (spans: ReadableSpan[], answer) =>
          void asked.push({ names: spans.map(({ name }) => name), answer }),
        shutdown: () => Promise.resolve(),
      },
      ...{ maxQueued, gatherMs: 60_000, registry, clock, logger },
    });
    provider = new TracerProvider({ spanProcessors: [processor] });
  }
  const span = (name: string) => provider.getTracer('test').startSpan(name).end();
  const counted = async (name: string) =>
    (await registry.getSingleMetric(name)?.get())?.values.map(({ labels, value }) => [
      ...Object.values(labels),
      value,
    ]);
  const failed = { code: ExportResultCode.FAILED, error: new Error('connect ECONNREFUSED') };
  /** Sends what waits, to a collector that answers in this way. */
  async function flush(result: ExportResult): Promise<void> {
    const flushed = provider.forceFlush();
    asked.splice(0).forEach(({ answer }) => answer(result));
    await flushed;
  }

  it('are so many at most: what comes behind them is dropped and counted', async () => {
    open(2);
    const shutdown = () => provider.shutdown();
    for (const name of ['a', 'b', 'c', 'd']) span(name);
    expect(asked.map(({ names }) => names)).to.deep.equal([['a', 'b']]);
    // They are on their way, and no others are sent meanwhile.
    expect(await counted('trolley_spans_dropped_total')).to.deep.equal([]);
    span('e');
    expect(await counted('trolley_spans_dropped_total')).to.deep.equal([['queue_full', 1]]);
    asked.splice(0).forEach(({ answer }) => answer({ code: ExportResultCode.SUCCESS }));
    const ended = shutdown();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.flatMap(({ names }) => names)).to.deep.equal(['c', 'd']);
    asked.splice(0).forEach(({ answer }) => answer({ code: ExportResultCode.SUCCESS }));
    await ended;
    expect(await counted('trolley_spans_exported_total')).to.deep.equal([[4]]);
  });

  it('are lost where the collector is away, which is told after ever longer silences, and when it is over', async () => {
    open(100);
    for (let i = 0; i < 40; i++) {
      span('a');
      await flush(failed);
      await clock.advance(1_000);
    }
    expect(told).to.deep.equal(Array.from({ length: 3 }, () => 'spans could not be sent and are lost'));
    expect(await counted('trolley_spans_dropped_total')).to.deep.equal([['not_taken', 40]]);
    span('b');
    await flush({ code: ExportResultCode.SUCCESS });
    expect(told.at(-1)).to.equal('spans are sent again');
    expect(await counted('trolley_spans_exported_total')).to.deep.equal([[1]]);
  });
});
