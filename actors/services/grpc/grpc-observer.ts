import type { GrpcStatusName } from './rpc-error.ts';

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

/** Hears of calls as they end, and of circuits; for metrics. Each must return at once. */
export interface GrpcObserver {
  called?(call: CallReport): void;
  served?(call: ServedReport): void;
  /** How many calls to a service are under way now. */
  underWay?(service: string, calls: number): void;
  /** The circuit to a service has opened, or closed again. */
  circuit?(service: string, isOpen: boolean): void;
}
