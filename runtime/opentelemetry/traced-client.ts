import { SpanKind } from '@opentelemetry/api';
import type { ClientInterceptor } from '../define/interceptor.ts';
import { actorAttributes, messageAttributes } from './attributes.ts';
import { traceOf } from './span-trace.ts';
import type { Spans } from './spans.ts';

/** A span for each ask, until its answer, and for each tell, until it is in the mailbox. */
export function tracedClient(spans: Spans): ClientInterceptor {
  return {
    ask(ask, next) {
      const { type, message, options } = ask;
      const attributes = messageAttributes(ask);
      const span = spans.begin(`ask ${type}/${message}`, options, { kind: SpanKind.CLIENT, attributes });
      return spans.around(span, () => next({ ...ask, options: { ...options, ...traceOf(span) } }));
    },
    tell(tell, next) {
      const { type, message, options } = tell;
      const attributes = actorAttributes(tell);
      const span = spans.begin(`tell ${type}/${message}`, options, { kind: SpanKind.PRODUCER, attributes });
      return spans.around(span, () => next({ ...tell, options: { ...options, ...traceOf(span) } }));
    },
  };
}
