import type { Metadata } from '@grpc/grpc-js';
import type { Logger, TraceContext } from '@trolley/runtime';
import { traceIdOf } from '@trolley/runtime/adapters';
import { RpcError } from './rpc-error.ts';
import type { ServiceCall } from '../service-call.ts';
import { idempotencyKeyOf, originOf } from './call-metadata.ts';

/** One call, as a handler sees it. */
export interface IncomingCall extends ServiceCall {
  /** E.g. `/payment.PaymentService/Charge`. */
  readonly path: string;
  /** The metadata `idempotency-key`, where a caller sent one. */
  readonly idempotencyKey: string | undefined;
  /** The caller has gone, or its deadline has passed. */
  readonly isOver: boolean;
  /** Aborts when the call is over. */
  readonly signal: AbortSignal;
  /** Milliseconds that the caller still waits, now; infinite when it set no deadline. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

interface Arrived {
  readonly path: string;
  readonly metadata: Metadata;
  readonly logger: Logger;
  /** Milliseconds that the caller still waits, now. */
  readonly remainingMs: () => number;
}

/** A call that has arrived, over a network or not. Signal and logger are made where somebody wants them. */
export class ArrivedCall implements IncomingCall {
  readonly path: string;
  readonly requestId: string | undefined;
  readonly userId: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
  readonly #arrived: Arrived;
  #isOver = false;
  #abort: AbortController | undefined;
  #logger: Logger | undefined;

  constructor(arrived: Arrived) {
    this.path = arrived.path;
    this.#arrived = arrived;
    const { requestId, userId, traceparent, tracestate } = originOf(arrived.metadata);
    this.requestId = requestId;
    this.userId = userId;
    this.traceparent = traceparent;
    this.tracestate = tracestate;
  }

  /** What is done for it from now on belongs there. */
  goOnUnder({ traceparent, tracestate }: TraceContext): void {
    this.traceparent = traceparent;
    this.tracestate = tracestate;
  }

  get idempotencyKey(): string | undefined {
    return idempotencyKeyOf(this.#arrived.metadata);
  }

  get timeoutMs(): number {
    return this.#arrived.remainingMs();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  get logger(): Logger {
    const { path: rpc, requestId, userId, traceparent } = this;
    const trace_id = traceIdOf(traceparent);
    return (this.#logger ??= this.#arrived.logger.child({ rpc, requestId, userId, trace_id }));
  }

  /** Nobody waits for the answer any more. */
  end(): void {
    this.#isOver = true;
    this.#abort?.abort();
  }
}

/** Throws `deadline_exceeded` when nobody waits for the answer any more, so that nothing is begun. */
export function throwIfOver(call: Pick<IncomingCall, 'isOver'>): void {
  if (call.isOver) throw new RpcError('deadline_exceeded', 'the caller no longer waits');
}
