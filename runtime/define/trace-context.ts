/** The W3C trace context of a call: https://www.w3.org/TR/trace-context/. */
export interface TraceContext {
  /** The trace, the span in it that the call belongs to, and whether it is sampled. */
  readonly traceparent?: string | undefined;
  /** What tracing systems add to it, at most 512 characters. Goes nowhere without a `traceparent`. */
  readonly tracestate?: string | undefined;
}

const none: CarriedTrace = {};

/** The same, with nothing in it that is undefined: what is stored and sent. */
export interface CarriedTrace {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What a call carries on. */
export function carriedTrace({ traceparent, tracestate }: TraceContext): CarriedTrace {
  if (traceparent === undefined) return none;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

// Version ff and ids of zeros are not valid.
const wellFormed = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const plain = /^[\x20-\x7e]{1,512}$/;

/** Of what others have sent what is valid: nothing without a valid `traceparent`. */
export function validTrace({ traceparent = '', tracestate = '' }: TraceContext): CarriedTrace {
  if (!wellFormed.test(traceparent)) return none;
  return plain.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}

/** The id of the trace, 32 hexadecimal digits, for a line of the log. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.slice(3, 35);
}
