import { context, SpanKind, SpanStatusCode, trace, type Span, type Tracer } from '@opentelemetry/api';
import { codeOf } from '@trolley/runtime';
import { contextOf, traceOf } from '@trolley/runtime/opentelemetry';
import type { BegunCall, GrpcObserver, PerformCall } from '../../../actors/services/grpc/grpc-observer.ts';
import { isRefusalStatus } from '../../../actors/services/grpc/rpc-error.ts';

/** Spans of gRPC calls, those within a process included, by the semantic conventions of remote calls. */
export function callSpans(tracer: Tracer): Required<Pick<GrpcObserver, 'aroundCall' | 'aroundServed'>> {
  async function around<T>(
    kind: SpanKind,
    { rpc, trace: given, statusOf }: BegunCall,
    perform: PerformCall<T>,
  ) {
    const method = rpc.slice(1);
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
    const parent = contextOf(given);
    const span = tracer.startSpan(method, { kind, attributes }, parent);
    try {
      const answer = await context.with(trace.setSpan(parent, span), () => perform(traceOf(span)));
      span.setAttribute('rpc.response.status_code', 'OK');
      return answer;
    } catch (error) {
      failed(span, error, statusOf);
      throw error;
    } finally {
      span.end();
    }
  }
  return {
    aroundCall: (call, perform) => around(SpanKind.CLIENT, call, perform),
    aroundServed: (call, perform) => around(SpanKind.SERVER, call, perform),
  };
}

/** A refusal is an answer, and no error of what gave it. */
function failed(span: Span, error: unknown, statusOf: BegunCall['statusOf']): void {
  const code = codeOf(error);
  const status = statusOf(code);
  span.setAttribute('rpc.response.status_code', status);
  if (isRefusalStatus(status)) {
    span.setAttribute('trolley.refusal', code);
    return;
  }
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
