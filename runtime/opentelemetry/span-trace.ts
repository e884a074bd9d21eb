import { context, createTraceState, ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api';
import { validTrace, type CarriedTrace, type TraceContext } from '../define/trace-context.ts';

/**
 * What a span that is begun for a call has as its parent: the trace context that the call carries, else what is active
 * here. One that is not valid counts as none.
 */
export function contextOf(call: TraceContext): Context {
  const { traceparent, tracestate } = validTrace(call);
  if (traceparent === undefined) return context.active();
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16) & 1,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}

/** What calls carry that are made within a span: options of an ask or a tell, headers of an event. */
export function traceOf(span: Span): CarriedTrace & { readonly traceparent: string } {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}
