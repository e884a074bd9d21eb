import { SpanKind, type Span } from '@opentelemetry/api';
import type { EffectContext } from '../define/actor.ts';
import type { HandledMessage, NodeInterceptor } from '../define/interceptor.ts';
import type { TraceContext } from '../define/trace-context.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import { actorAttributes, messageAttributes } from './attributes.ts';
import type { OpenTurn, OpenTurns } from './open-turns.ts';
import { traceOf } from './span-trace.ts';
import { failed, type SpanOptions, type Spans } from './spans.ts';

/** A span for each message and each outcome that a turn takes up, for each read and each run of an effect. */
export function tracedNode(
  spans: Spans,
  turns: OpenTurns,
): { interceptor: NodeInterceptor; observer: Pick<NodeObserver, 'turnEnded'> } {
  const attributesOf = (message: HandledMessage) => ({
    ...messageAttributes(message),
    'trolley.message.id': message.messageId,
  });

  /** The time in the mailbox, beside the span of the message. */
  function addWait(message: HandledMessage, until: number): void {
    const { type, message: name, sentAt } = message;
    if (sentAt === undefined) return;
    const attributes = actorAttributes(message);
    const startedAt = Math.min(sentAt, until);
    spans.add(`wait ${type}/${name}`, message, { startedAt, attributes }, until);
  }

  function take(turn: OpenTurn, name: string, parent: TraceContext, options: Required<SpanOptions>): Span {
    const span = spans.begin(name, parent, options);
    turn.spans.push(span);
    const { load } = turn;
    if (load !== undefined && span.isRecording()) {
      const { name, attributes } = load;
      const startedAt = Math.max(load.startedAt, options.startedAt);
      spans.add(name, traceOf(span), { kind: SpanKind.CLIENT, attributes, startedAt }, load.endedAt);
    }
    return span;
  }

  function within<T>(span: Span, work: () => T): T {
    try {
      return spans.within(span, work);
    } catch (error) {
      failed(span, error);
      throw error;
    }
  }

  return {
    interceptor: {
      handle(message, next) {
        const { type, message: name, isReminder, sentAt = 0 } = message;
        const turn = turns.of(message);
        // What came after the turn had begun to read its state. A clock that is ahead of this one is not believed.
        const startedAt = Math.min(Math.max(turn.begunAt, sentAt), spans.now());
        const kind = isReminder ? SpanKind.INTERNAL : SpanKind.SERVER;
        const options = { kind, attributes: attributesOf(message), startedAt };
        const span = take(turn, `handle ${type}/${name}`, message, options);
        if (span.isRecording()) addWait(message, startedAt);
        return within(span, () => next({ ...message, ...traceOf(span) }));
      },
      outcome(taken, next) {
        const { type, effect, outcome } = taken;
        const turn = turns.of(taken);
        const attributes = {
          ...actorAttributes(taken),
          'trolley.effect': effect,
          'trolley.outcome': outcome.ok ? 'ok' : outcome.error.code,
        };
        const options = { kind: SpanKind.INTERNAL, attributes, startedAt: turn.begunAt };
        const span = take(turn, `outcome ${type}/${effect}`, taken, options);
        return within(span, () => next({ ...taken, ...traceOf(span) }));
      },
      read(message, next) {
        const startedAt = spans.now();
        const span = spans.begin(`read ${message.type}/${message.message}`, message, {
          ...{ kind: SpanKind.SERVER, attributes: attributesOf(message), startedAt },
        });
        if (span.isRecording()) addWait(message, startedAt);
        return spans.around(span, () => next({ ...message, ...traceOf(span) }));
      },
      effect(performed, next) {
        const { type, effect, context } = performed;
        const attributes = {
          ...actorAttributes(performed),
          'trolley.effect': effect,
          'trolley.effect.id': context.effectId,
        };
        const span = spans.begin(`effect ${type}/${effect}`, context, { attributes });
        return spans.around(span, () => next({ ...performed, context: tracedContext(context, span) }));
      },
    },
    observer: {
      turnEnded({ actor, messages, outcomes, error }) {
        for (const span of turns.end(actor)?.spans ?? []) {
          if (span.isRecording()) {
            span.setAttributes({ 'trolley.turn.messages': messages, 'trolley.turn.outcomes': outcomes });
          }
          if (error !== undefined) failed(span, error);
          spans.end(span);
        }
      },
    },
  };
}

/** A copy whose signal and refs are made when they are asked for, as those of the original: its refs under the span. */
function tracedContext(context: EffectContext, span: Span): EffectContext {
  const { traceparent, tracestate } = traceOf(span);
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(context),
      traceparent: { value: traceparent, enumerable: true },
      tracestate: { value: tracestate, enumerable: true },
    },
  ) as EffectContext;
}
