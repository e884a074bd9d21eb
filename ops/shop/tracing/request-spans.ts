import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { contextOf, traceOf } from '@trolley/runtime/opentelemetry';
import type { GatewayTracing } from '../../../gateway/gateway-tracing.ts';

/** What was sent of it may be anything; names are few. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Spans of requests to the REST API, by the semantic conventions of HTTP. Query strings and addresses are left out. */
export function requestSpans(tracer: Tracer): GatewayTracing {
  return {
    begin({ method: given, path, requestId, trace }) {
      const method = methods.has(given) ? given : '_OTHER';
      const attributes = {
        'http.request.method': method,
        'trolley.request.id': requestId,
        ...(path === undefined ? {} : { 'url.path': path }),
      };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, contextOf(trace));
      return {
        trace: traceOf(span),
        end({ route, status, code, isProbe }) {
          // One that is not ended is never sent.
          if (isProbe) return;
          if (route !== undefined) {
            span.updateName(`${method} ${route}`);
            span.setAttribute('http.route', route);
          }
          span.setAttribute('http.response.status_code', status);
          if (code !== undefined) span.setAttribute('trolley.error.code', code);
          if (status >= 500) {
            span.setAttribute('error.type', code ?? String(status));
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
  };
}
