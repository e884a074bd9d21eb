import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError } from '../define/errors.ts';
import { MemoryEventLog } from '../events/memory-event-log.ts';
import { createLogger } from '../observe/logger.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { createRuntimeTracing, type RuntimeTracing } from './runtime-tracing.ts';
import { contextOf, traceOf } from './span-trace.ts';

const Printer = defineContract({
  type: 'printer',
  key: z.string(),
  refusals: { no_paper: null },
  messages: {
    Print: { input: z.object({ pages: z.int() }), output: z.object({ printed: z.int() }) },
    Stop: { input: z.object({}) },
    Look: { input: z.object({}), output: z.object({ printed: z.int() }), readOnly: true },
  },
});

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

describe('the spans of a runtime', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const database = { system: 'memory', collection: 'printers' };
  let clock: FakeClock;
  let tracing: RuntimeTracing;
  let store: MemoryStateStore;
  let jams: number;
  let cluster: TestCluster;

  const printer = defineActor(Printer, {
    state: z.object({ printed: z.int(), tries: z.int() }),
    initial: () => ({ printed: 0, tries: 0 }),
    effects: {
      Feed: async (pages: number) => {
        await Promise.resolve();
        if (jams-- > 0) throw new ActorError('unavailable', 'paper jam');
        return pages;
      },
    },
    receive: {
      Print(turn, { pages }) {
        if (pages === 0) throw new ActorError('no_paper', 'there is no paper');
        if (pages < 0) throw new Error('broken');
        turn.perform('Feed', pages);
        return turn.defer();
      },
      Stop: (turn) => turn.set({ ...turn.state, tries: 9 }),
      Look: (turn) => ({ printed: turn.state.printed }),
    },
    onResult: {
      Feed(turn, outcome, pages) {
        const { printed, tries } = turn.state;
        if (!outcome.ok) {
          turn.set({ printed, tries: tries + 1 });
          turn.perform('Feed', pages, { delayMs: 100 });
          return;
        }
        turn.set({ printed: printed + outcome.value, tries });
        turn.answerWaiting({ Print: () => ({ printed: printed + outcome.value }) });
      },
    },
  });

  beforeEach(() => {
    exporter.reset();
    jams = 0;
    clock = new FakeClock();
    store = new MemoryStateStore();
    tracing = createRuntimeTracing({ provider, clock });
    cluster = open();
  });
  afterEach(() => cluster.close());

  function open(latencyMs = 0): TestCluster {
    return createTestCluster({
      actors: [{ actor: printer, store: tracing.store('printer', store, database) }],
      clock,
      latencyMs,
      interceptors: { client: [tracing.client], node: [tracing.node] },
      observer: tracing.observer,
    });
  }

  /** Those that have ended, each as the names that lead to it. */
  function tree(): string[] {
    const spans = exporter.getFinishedSpans();
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    const pathOf = (span: (typeof spans)[number]): string => {
      const parent = byId.get(span.parentSpanContext?.spanId ?? '');
      return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
    };
    return spans.map(pathOf).sort();
  }
  const named = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);
  const ask = (pages: number) =>
    cluster.refs.ref(Printer, 'a').ask('Print', { pages }, { traceparent, tracestate: 'a=b' });

  it('lead from an ask over its effect to what it writes, in the trace of the caller', async () => {
    expect(await ask(3)).to.deep.equal({ printed: 3 });
    await cluster.runUntilIdle();
    expect(tree()).to.deep.equal([
      'ask printer/Print',
      'ask printer/Print > handle printer/Print',
      'ask printer/Print > handle printer/Print > effect printer/Feed',
      'ask printer/Print > handle printer/Print > load printers',
      'ask printer/Print > handle printer/Print > outcome printer/Feed',
      'ask printer/Print > handle printer/Print > outcome printer/Feed > write printers',
      'ask printer/Print > handle printer/Print > write printers',
      'ask printer/Print > wait printer/Print',
    ]);
    const spans = exporter.getFinishedSpans();
    expect([...new Set(spans.map((span) => span.spanContext().traceId))]).to.deep.equal(['a'.repeat(32)]);
    expect([...new Set(spans.map((span) => span.spanContext().traceState?.serialize()))]).to.deep.equal([
      'a=b',
    ]);
    expect(named('ask printer/Print')[0]?.parentSpanContext?.spanId).to.equal('b'.repeat(16));
    expect(named('handle printer/Print')[0]?.attributes).to.include({
      'trolley.actor.type': 'printer',
      'trolley.actor.key': 'a',
      'rpc.method': 'printer/Print',
      'trolley.turn.messages': 1,
    });
    expect(named('write printers')[0]?.attributes).to.include({ 'db.system.name': 'memory' });
  });

  it('show each attempt of an effect, and why it was not the last', async () => {
    jams = 2;
    const asked = ask(1);
    await cluster.advance(1_000);
    expect(await asked).to.deep.equal({ printed: 1 });
    const attempts = named('effect printer/Feed');
    expect(attempts.map(({ status, attributes }) => [status.code, attributes['error.type']])).to.deep.equal([
      [SpanStatusCode.ERROR, 'unavailable'],
      [SpanStatusCode.ERROR, 'unavailable'],
      [SpanStatusCode.UNSET, undefined],
    ]);
    expect(new Set(attempts.map(({ attributes }) => attributes['trolley.effect.id'])).size).to.equal(3);
    expect(
      named('outcome printer/Feed').map(({ attributes }) => attributes['trolley.outcome']),
    ).to.deep.equal(['unavailable', 'unavailable', 'ok']);
  });

  it('take a refusal for an answer, and a defect for an error', async () => {
    await ask(0).catch(() => undefined);
    const broken = ask(-1).catch(() => undefined);
    await cluster.advance(5_000);
    await broken;
    const [refused, ...failed] = named('handle printer/Print');
    expect([refused?.status.code, refused?.attributes['trolley.refusal']]).to.deep.equal([
      SpanStatusCode.UNSET,
      'no_paper',
    ]);
    expect(failed.map(({ status }) => status.code)).to.deep.equal(failed.map(() => SpanStatusCode.ERROR));
    expect(failed).to.have.length(3);
  });

  it('tell how long a message had been on its way and in its mailbox, and of a read that it was one', async () => {
    await cluster.close();
    cluster = open(20);
    const a = cluster.refs.ref(Printer, 'a');
    await a.tell('Stop', {}, { traceparent });
    await cluster.runUntilIdle();
    await cluster.advance(1_000);
    expect(tree()).to.include.members([
      'tell printer/Stop > wait printer/Stop',
      'tell printer/Stop > handle printer/Stop',
    ]);
    const [[seconds, nanoseconds] = [1, 0]] = named('wait printer/Stop').map(({ duration }) => duration);
    expect(seconds).to.equal(0);
    expect(nanoseconds).to.be.above(0);
    await a.ask('Look', {}, { traceparent });
    expect(tree()).to.include('ask printer/Look > read printer/Look');
  });

  it('are not kept of a caller who does not record, and hand its trace on', async () => {
    const unsampled = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`;
    expect(
      await cluster.refs.ref(Printer, 'a').ask('Print', { pages: 1 }, { traceparent: unsampled }),
    ).to.deep.equal({
      printed: 1,
    });
    await cluster.runUntilIdle();
    expect(exporter.getFinishedSpans()).to.deep.equal([]);
    expect(
      traceOf(provider.getTracer('t').startSpan('s', {}, contextOf({ traceparent: unsampled }))).traceparent,
    ).to.match(new RegExp(`^00-c{32}-(?!d{16})[0-9a-f]{16}-00$`));
  });

  it('fail with the turn that could not be written, which is then tried again', async () => {
    const write = store.write.bind(store);
    let failures = 1;
    store.write = (state) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : write(state));
    const asked = ask(2);
    await cluster.advance(5_000);
    expect(await asked).to.deep.equal({ printed: 2 });
    expect(named('handle printer/Print').map(({ status }) => status.code)).to.deep.equal([
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    expect(named('write printers').map(({ status }) => status.message)).to.deep.equal([
      'disk full',
      undefined,
      undefined,
    ]);
  });

  it('lead over an event log to each attempt to handle an event', async () => {
    const log = tracing.eventLog(
      new MemoryEventLog({ clock, logger: createLogger('silent'), random: () => 0 }),
      'memory',
    );
    const seen: (string | undefined)[] = [];
    const subscription = await log.subscribe({
      topic: 't',
      group: 'g',
      async handle({ headers }) {
        await Promise.resolve();
        seen.push(headers['traceparent']);
        if (seen.length === 1) throw new Error('not yet');
      },
    });
    const ce_time = new Date(clock.now() - 250).toISOString();
    await log.append('t', [
      { id: 'e', key: 'k', type: 'Made', value: '{}', headers: { traceparent, ce_time } },
    ]);
    await clock.advance(5_000);
    await subscription.close();
    await log.close();
    expect(tree()).to.deep.equal(['outbox t', 'send t', 'send t > process t', 'send t > process t']);
    const consumed = named('process t');
    expect(seen).to.deep.equal(
      consumed.map((span) => traceOf({ spanContext: () => span.spanContext() } as never).traceparent),
    );
    expect(consumed.map(({ status }) => status.message)).to.deep.equal(['not yet', undefined]);
    const [outbox] = named('outbox t');
    expect(outbox?.duration).to.deep.equal([0, 250_000_000]);
  });
});
