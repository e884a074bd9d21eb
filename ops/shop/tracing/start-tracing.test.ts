import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { SpanKind } from '@opentelemetry/api';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { silentLogger } from '@trolley/runtime';
import { OtlpReceiver } from '../../prove/testing/otlp-receiver.ts';
import { parseConfig } from '../config/parse-config.ts';
import { createLifecycle } from '../process/lifecycle.ts';
import { createProgress } from '../process/progress.ts';
import { startTracing, type Tracing } from './start-tracing.ts';

describe('tracing', () => {
  const registry = () => new Registry();
  const lifecycleOf = () =>
    createLifecycle({ progress: createProgress({ write: () => undefined }), log: silentLogger });

  async function start(environment: Record<string, string>) {
    const { tracing } = parseConfig(environment);
    if (tracing === undefined) throw new Error('tracing is off');
    const lifecycle = lifecycleOf();
    const about = { name: 'main', roles: 'all', registry: registry(), logger: silentLogger };
    return { lifecycle, tracing: await startTracing(tracing, lifecycle, about) };
  }
  const request = ({ requests }: Tracing, status = 200) => {
    const begun = { method: 'GET', path: '/api/v1/orders/7', requestId: 'r', trace: {} };
    const span = requests.begin(begun);
    span.end({
      ...{ method: 'GET', route: '/api/v1/orders/:order_id', status },
      code: undefined,
      ms: 1,
      isProbe: false,
      isShed: false,
    });
    return span.trace.traceparent;
  };

  const grpcPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  for (const [protocol, path, type] of [
    ['http/protobuf', '/v1/traces', 'application/x-protobuf'],
    ['http/json', '/v1/traces', 'application/json'],
    ['grpc', grpcPath, undefined],
  ] as const) {
    it(`sends what is left at the end, as ${protocol}`, async () => {
      await using receiver = await OtlpReceiver.open();
      const { lifecycle, tracing } = await start({
        OTEL_EXPORTER_OTLP_ENDPOINT: `${protocol === 'grpc' ? receiver.grpcUrl : receiver.url}/`,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      });
      const traceparent = request(tracing, 503);
      expect(receiver.requests).to.deep.equal([]);
      await lifecycle.stop();
      const came = receiver.requests.map(({ path: to, headers }) => [to, headers['content-type']]);
      expect(came).to.deep.equal([[path, type]]);
      expect(receiver.requests[0]?.bytes).to.be.above(100);
      const [span] = receiver.spans;
      expect(receiver.spans).to.have.length(1);
      expect(`00-${span?.traceId}-${span?.spanId}-01`).to.equal(traceparent);
      expect(span).to.deep.include({ name: 'GET /api/v1/orders/:order_id', kind: 'SERVER', isError: true });
      expect(span?.parentSpanId).to.equal('');
      expect(Number(span?.endedAt) - Number(span?.startedAt)).to.be.within(0, 60e9);
      expect(span?.attributes).to.include({ 'http.response.status_code': 503, 'http.request.method': 'GET' });
      expect(span?.resource).to.include({ 'service.name': 'trolley', 'process.pid': process.pid });
    });
  }

  it('samples as it is told, and says in each trace context what it has decided', async () => {
    const flagsWith = async (sampler: string, share = '1') => {
      const { lifecycle, tracing } = await start({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_TRACES_SAMPLER: sampler,
        OTEL_TRACES_SAMPLER_ARG: share,
      });
      const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
      const child = tracing.requests.begin({ method: 'GET', path: '/', requestId: 'r', trace });
      const root = tracing.requests.begin({ method: 'GET', path: '/', requestId: 'r', trace: {} });
      await lifecycle.stop();
      return [child, root].map(({ trace: { traceparent } }) => traceparent.slice(-2)).join(' ');
    };
    expect(await flagsWith('always_on')).to.equal('01 01');
    expect(await flagsWith('always_off')).to.equal('00 00');
    expect(await flagsWith('parentbased_always_on')).to.equal('01 01');
    expect(await flagsWith('parentbased_always_off')).to.equal('01 00');
    expect(await flagsWith('traceidratio', '0')).to.equal('00 00');
    expect(await flagsWith('parentbased_traceidratio', '0')).to.equal('01 00');
  });

  it('makes spans by the semantic conventions of HTTP and gRPC, errors of what failed and of no refusal', async () => {
    await using receiver = await OtlpReceiver.open();
    const { lifecycle, tracing } = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    request(tracing, 404);
    request(tracing, 503);
    const { aroundCall, aroundServed } = tracing.calls;
    const call = {
      rpc: '/payment.PaymentService/Charge',
      trace: {},
      statusOf: (code: string) => code.toUpperCase() as 'INTERNAL',
    };
    await aroundCall?.(call, () => Promise.resolve());
    for (const code of ['not_found', 'unavailable'])
      await aroundServed?.(call, () => Promise.reject(Object.assign(new Error(code), { code }))).catch(
        () => undefined,
      );
    await lifecycle.stop();
    expect(receiver.spans.map(({ name, kind, isError }) => [name, kind, isError])).to.deep.equal([
      ['GET /api/v1/orders/:order_id', 'SERVER', false],
      ['GET /api/v1/orders/:order_id', 'SERVER', true],
      ['payment.PaymentService/Charge', SpanKind[SpanKind.CLIENT], false],
      ['payment.PaymentService/Charge', SpanKind[SpanKind.SERVER], true],
      ['payment.PaymentService/Charge', SpanKind[SpanKind.SERVER], true],
    ]);
  });

  it('ends within its limit where the collector takes nothing', async () => {
    await using receiver = await OtlpReceiver.open();
    receiver.status = 503;
    const { lifecycle, tracing } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    request(tracing);
    await lifecycle.stop();
    expect(receiver.requests.length).to.be.above(0);
  });

  // Its API comes with prom-client.
  it('loads nothing of the SDK where it is off', () => {
    const { resolve } = createRequire(import.meta.url);
    const program = `
      import { createRequire } from 'node:module';
      const loaded = () => Object.keys(createRequire(import.meta.url).cache)
        .filter((file) => /@opentelemetry.(?!api.)/.test(file)).length;
      await import(${JSON.stringify(new URL('../compose.ts', import.meta.url).href)});
      const off = loaded();
      await import(${JSON.stringify(new URL('./start-tracing.ts', import.meta.url).href)});
      console.log(JSON.stringify({ off, on: loaded() > 0 }));
    `;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--conditions=@trolley/source',
        '--import',
        pathToFileURL(resolve('tsx')).href,
        '--input-type=module',
        '--eval',
        program,
      ],
      { encoding: 'utf8' },
    );
    expect(stderr).to.equal('');
    expect(JSON.parse(stdout)).to.deep.equal({ off: 0, on: true });
  });
});
