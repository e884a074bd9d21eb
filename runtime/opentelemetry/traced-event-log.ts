import { SpanKind } from '@opentelemetry/api';
import type { EventLog, LogEvent } from '../events/event-log.ts';
import { traceOf } from './span-trace.ts';
import { failed, type Spans } from './spans.ts';

/** The header with the time at which an event was made, RFC 3339: of those that come from an outbox, its row's. */
const madeAtHeader = 'ce_time';

/** The same log: appending an event is a span, and so is each attempt to handle it, under which the handler works. */
export function tracedEventLog(spans: Spans, log: EventLog, system: string): EventLog {
  function attributesOf(topic: string, { id, type }: LogEvent) {
    return {
      'messaging.system.name': system,
      'messaging.destination.name': topic,
      'messaging.message.id': id,
      'trolley.event.type': type,
    };
  }

  function beginAppend(topic: string, event: LogEvent) {
    const { headers } = event;
    const startedAt = spans.now();
    const attributes = {
      ...attributesOf(topic, event),
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
    };
    const span = spans.begin(`send ${topic}`, headers, { kind: SpanKind.PRODUCER, attributes, startedAt });
    const madeAt = Date.parse(headers[madeAtHeader] ?? '');
    if (span.isRecording() && madeAt < startedAt) {
      spans.add(`outbox ${topic}`, headers, { startedAt: madeAt }, startedAt);
    }
    return { span, event: { ...event, headers: { ...headers, ...traceOf(span) } } };
  }

  return {
    async append(topic, events) {
      const begun = events.map((event) => beginAppend(topic, event));
      try {
        await log.append(
          topic,
          begun.map(({ event }) => event),
        );
      } catch (error) {
        for (const { span } of begun) failed(span, error);
        throw error;
      } finally {
        for (const { span } of begun) spans.end(span);
      }
    },
    subscribe(options) {
      const { topic, group, handle } = options;
      return log.subscribe({
        ...options,
        handle(record) {
          const { headers, partition, offset } = record;
          const attributes = {
            ...attributesOf(topic, record),
            'messaging.operation.name': 'process',
            'messaging.operation.type': 'process',
            'messaging.consumer.group.name': group,
            'messaging.destination.partition.id': String(partition),
            'trolley.event.offset': offset,
          };
          const span = spans.begin(`process ${topic}`, headers, { kind: SpanKind.CONSUMER, attributes });
          return spans.around(span, () => handle({ ...record, headers: { ...headers, ...traceOf(span) } }));
        },
      });
    },
    reject: (topic, record, reason) => log.reject(topic, record, reason),
    replay: (topic, record) => log.replay(topic, record),
    read: (topic, query) => log.read(topic, query),
    lag: (topic, group) => log.lag(topic, group),
    close: () => log.close(),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}
