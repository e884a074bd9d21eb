import type { Clock, TraceContext } from '@trolley/runtime';
import type { Call } from './call.ts';

/** The end of a call. Its signal may be made only when it is asked for. */
interface CallEnd {
  readonly signal: AbortSignal;
}

/**
 * A request, over REST or gRPC, as a call. A class, as each object literal with a getter costs V8 some 10 µs and a shape
 * of its own, which keeps the request in memory.
 */
export class RequestCall implements Call {
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly #end: CallEnd;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #dueAt: number;

  /** @param dueAt by the monotonic clock */
  constructor(
    requestId: string,
    { traceparent, tracestate }: TraceContext,
    {
      end,
      clock,
      dueAt,
    }: {
      readonly end: CallEnd;
      readonly clock: Pick<Clock, 'monotonic'>;
      readonly dueAt: number;
    },
  ) {
    this.requestId = requestId;
    this.traceparent = traceparent;
    this.tracestate = tracestate;
    this.#end = end;
    this.#clock = clock;
    this.#dueAt = dueAt;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get timeoutMs(): number {
    return Math.max(1, Math.ceil(this.#dueAt - this.#clock.monotonic()));
  }
}
