import type { TraceContext } from '@trolley/runtime';
import type { CarriedTrace } from '@trolley/runtime/adapters';
import type { AnsweredRequest } from './gateway-metrics.ts';

/** A request that has come. */
export interface BegunRequest {
  readonly method: string;
  /** Undefined for a request target that is no URL. */
  readonly path: string | undefined;
  readonly requestId: string;
  /** As its sender gave it. */
  readonly trace: TraceContext;
}

/** A request in its trace. */
export interface RequestSpan {
  /** What all that is done for the request belongs to, and what its sender is told. */
  readonly trace: CarriedTrace & { readonly traceparent: string };
  end(request: AnsweredRequest & { readonly isProbe: boolean }): void;
}

/** Begins a span for each request. Where there is none, what a sender gave is passed on as it is. */
export interface GatewayTracing {
  begin(request: BegunRequest): RequestSpan;
}
