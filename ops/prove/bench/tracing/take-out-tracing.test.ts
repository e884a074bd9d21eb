import { expect } from 'chai';
import ts from 'typescript';
import { takeOutTracing, tracingLeftIn } from './take-out-tracing.ts';
import { untracedSources } from './write-untraced.ts';

const without = (source: string) => takeOutTracing('example.ts', source).source.replace(/\s+/g, ' ').trim();

describe('A shop without tracing', () => {
  it('carries nothing of a trace', () => {
    const source = `
      export function pass({ requestId, traceparent, tracestate }: Call): Call {
        return { requestId, traceparent, tracestate, ...carriedTrace(given) };
      }`;
    expect(without(source)).to.equal(
      'export function pass({ requestId }: Call): Call { return { requestId }; }',
    );
  });

  it('keeps nothing of it in classes', () => {
    const source = `
      class Held {
        readonly id: string;
        readonly traceparent: string | undefined;
        constructor(id: string, { traceparent }: Trace) { this.id = id; this.traceparent = traceparent; }
      }`;
    expect(without(source)).to.equal(
      'class Held { readonly id: string; constructor(id: string, {}: Trace) { this.id = id; } }',
    );
  });

  it('looks at no hook, and at nothing that a hook has given', () => {
    const source = `
      function answer() {
        const span = tracing?.begin({ path });
        const trace = span?.trace ?? given;
        if (observer?.aroundCall === undefined) return perform(trace);
        return observer.aroundCall(call, perform);
        function perform() {}
      }`;
    expect(without(source)).to.equal(
      'function answer() { const trace = given; return perform(trace); function perform() { } }',
    );
  });

  it('has no condition left that is always the same', () => {
    const source = `
      if (tracing !== undefined || isTold) tell();
      const line = { id, ...(traceId === undefined ? {} : { traceId }), ...(traceId !== undefined && { traceId }) };
      const given = headers.traceparent === undefined ? untraced : validTrace(headers);`;
    expect(without(source)).to.equal('if (isTold) tell(); const line = { id }; const given = untraced;');
  });

  it('leaves parameters in their places, and all else as it is', () => {
    const source = 'export const begin = (input: Input, traceId?: string) => of(input, traceId, traces);';
    expect(without(source)).to.equal(
      'export const begin = (input: Input, traceId?: string) => of(input, undefined, traces);',
    );
    expect(takeOutTracing('example.ts', 'export const one = { two: three.four };').hooks).to.equal(0);
  });

  it('is made of all sources on the path of a request, and each of them can be compiled', () => {
    const files = untracedSources();
    expect(files.map(({ path }) => path)).to.include.members([
      'gateway/middleware/request-scope.ts',
      'runtime/cluster/client.ts',
      'runtime/kernel/handle.ts',
      'runtime/kernel/message-turn.ts',
      'runtime/kernel/effect-call.ts',
      'actors/services/grpc/grpc.client.ts',
      'actors/services/grpc/unary-service.ts',
      'actors/checkout/checkout.store.postgres.ts',
      'ops/shop/compose.ts',
    ]);
    for (const { path, source } of files) {
      expect(tracingLeftIn(path, source), path).to.deep.equal([]);
      const { diagnostics = [] } = ts.transpileModule(source, {
        fileName: path,
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
      });
      expect(
        diagnostics.map(({ messageText }) => messageText),
        path,
      ).to.deep.equal([]);
    }
  });
});
