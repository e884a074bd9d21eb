import type { AskOptions } from '@trolley/runtime';

/** One call from outside, over REST or gRPC: who it is, and how long an answer is still wanted. */
export interface Call {
  readonly requestId: string;
  /** W3C trace context, when the caller sent one. */
  readonly traceparent: string | undefined;
  /** Aborts at the deadline and when the caller has gone; what was accepted goes on without it. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline, at least 1. */
  remainingMs(): number;
}

interface AskExtras {
  readonly idempotencyKey?: string | undefined;
  readonly timeoutMs?: number;
}

export function askOptions(call: Call, extras: AskExtras = {}): AskOptions {
  return {
    requestId: call.requestId,
    signal: call.signal,
    timeoutMs: extras.timeoutMs ?? call.remainingMs(),
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    ...(extras.idempotencyKey === undefined ? {} : { idempotencyKey: extras.idempotencyKey }),
  };
}

/** What the clients of the services take as their last argument. */
interface ServiceContext {
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly traceparent?: string;
  readonly userId?: string;
}

export function serviceContext(call: Call, userId?: number): ServiceContext {
  return {
    requestId: call.requestId,
    signal: call.signal,
    timeoutMs: call.remainingMs(),
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    ...(userId === undefined ? {} : { userId: String(userId) }),
  };
}
