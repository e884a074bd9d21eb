import type { CallContext } from '@trolley/runtime';

/** One call from outside, over REST or gRPC. It is passed on as it is to all that is asked for it. */
export interface Call extends CallContext {
  readonly requestId: string;
  /** Aborts at the deadline and when the caller has gone; what was accepted goes on without it. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline, now: less each time that it is read, at least 1. */
  readonly timeoutMs: number;
}

/** The options that a call passes on, with the time that is left now. A spread would leave out a class's getters. */
export function optionsOf({ requestId, traceparent, tracestate, signal, timeoutMs }: Call): Call {
  return { requestId, traceparent, tracestate, signal, timeoutMs };
}
