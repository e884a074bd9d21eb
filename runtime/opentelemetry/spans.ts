import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { Clock } from '../define/clock.ts';
import { codeOf, isActorError } from '../define/errors.ts';
import type { TraceContext } from '../define/trace-context.ts';
import { isForeseen, reasonOf } from '../observe/reason.ts';
import { contextOf } from './span-trace.ts';

export interface SpanOptions {
  /** Default: internal. */
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** As `now` tells it. Default: now. */
  readonly startedAt?: number;
}

/** How far the two clocks may be apart before the wall clock counts. */
const driftMs = 2;

/** Begins and ends spans. */
export class Spans {
  readonly #tracer: Tracer;
  readonly #clock: Clock;
  #wallAheadMs: number;

  constructor(tracer: Tracer, clock: Clock) {
    this.#tracer = tracer;
    this.#clock = clock;
    this.#wallAheadMs = clock.now() - clock.monotonic();
  }

  /** Milliseconds since the epoch, with their fraction, so that what lasts less than one has a length. */
  now(): number {
    const elapsedMs = this.#clock.monotonic();
    const wallMs = this.#clock.now();
    if (Math.abs(wallMs - (this.#wallAheadMs + elapsedMs)) > driftMs) this.#wallAheadMs = wallMs - elapsedMs;
    return this.#wallAheadMs + elapsedMs;
  }

  begin(name: string, parent: TraceContext, options: SpanOptions = {}): Span {
    const { kind = SpanKind.INTERNAL, attributes = {}, startedAt = this.now() } = options;
    return this.#tracer.startSpan(name, { kind, attributes, startTime: startedAt }, contextOf(parent));
  }

  /** One that is over. */
  add(
    name: string,
    parent: TraceContext,
    options: SpanOptions & { readonly startedAt: number },
    endedAt: number,
  ): void {
    this.begin(name, parent, options).end(Math.max(options.startedAt, endedAt));
  }

  end(span: Span): void {
    span.end(this.now());
  }

  /** What throws within is what the span ended with. */
  within<T>(span: Span, work: () => T): T {
    return context.with(trace.setSpan(context.active(), span), work);
  }

  /** The span of `work`, from now to its end. */
  async around<T>(span: Span, work: () => Promise<T>): Promise<T> {
    try {
      return await this.within(span, work);
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      this.end(span);
    }
  }
}

/** A refusal is an answer, and no error of what gave it. */
export function failed(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  const isKnown = isActorError(error);
  if (isKnown && isForeseen(error) && error.retry === 'never') {
    span.setAttribute('trolley.refusal', error.code);
    return;
  }
  const type = isKnown ? codeOf(error) : error instanceof Error ? error.name : typeof error;
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: reasonOf(error) });
}
