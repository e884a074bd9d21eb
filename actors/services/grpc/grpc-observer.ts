import type { TraceContext } from '@trolley/runtime';
import type { GrpcStatusName, StatusOf } from './rpc-error.ts';

/** A call as its caller saw it. `failed`: its outcome is unknown. `not_called`: the circuit was open, or too many were under way. */
export interface CallReport {
  /** E.g. `/payment.PaymentService/Charge`. */
  readonly rpc: string;
  readonly outcome: 'ok' | 'refused' | 'failed' | 'not_called';
  readonly ms: number;
}

/** A call as it was answered. */
export interface ServedReport {
  readonly rpc: string;
  readonly status: 'OK' | GrpcStatusName;
  readonly ms: number;
}

/** A call that begins, with the trace context that it brings. */
export interface BegunCall {
  readonly rpc: string;
  readonly trace: TraceContext;
  /** The gRPC status of each code of what it may throw. */
  readonly statusOf: StatusOf;
}

/** Goes on with the call, under a trace context. */
export type PerformCall<T> = (trace: TraceContext) => Promise<T>;

/** Hears of calls and circuits; for metrics and traces. */
export interface GrpcObserver {
  /** Stands around a call as its caller sees it; what it returns or throws is the outcome. */
  aroundCall?<T>(call: BegunCall, perform: PerformCall<T>): Promise<T>;
  /** Stands around a call as it is answered. */
  aroundServed?<T>(call: BegunCall, perform: PerformCall<T>): Promise<T>;
  // Those below hear of what is over, and must return at once.
  called?(call: CallReport): void;
  served?(call: ServedReport): void;
  /** How many calls to a service are under way now. */
  underWay?(service: string, calls: number): void;
  /** The circuit to a service has opened, or closed again. */
  circuit?(service: string, isOpen: boolean): void;
}
