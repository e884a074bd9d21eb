import type { ServiceDefinition, UntypedServiceImplementation, handleUnaryCall } from '@grpc/grpc-js';
import { codeOf, type Logger, systemClock } from '@trolley/runtime';
import { meaningOf, ShopError } from '../../errors.contract.ts';
import type { ServiceCall } from '../service-call.ts';
import { originOf, refuseMalformedUser } from './call-metadata.ts';
import { toGrpcFailure } from './grpc-status.ts';
import type { RequestOf, ResponseOf } from './unary-method.ts';

/** One call, as a handler sees it. */
export interface IncomingCall extends ServiceCall {
  /** E.g. `/payment.PaymentService/Charge`. */
  readonly path: string;
  /** The metadata `idempotency-key`, where a caller sent one. */
  readonly idempotencyKey: string | undefined;
  /** Aborts when the caller has gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** Milliseconds that the caller still waits, now; infinite when it set no deadline. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** A handler for each method of a generated service definition; a missing one does not compile. */
export type UnaryHandlers<D> = {
  readonly [M in keyof D]: (
    request: RequestOf<D[M]>,
    call: IncomingCall,
  ) => ResponseOf<D[M]> | Promise<ResponseOf<D[M]>>;
};

export interface UnaryService {
  /** Full name, e.g. `payment.PaymentService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: (logger: Logger) => UntypedServiceImplementation;
}

/**
 * Makes handlers that return or throw out of those that call back. An `ActorError` leaves as its gRPC
 * status with its exact code in the trailing metadata; anything else as INTERNAL, and is logged.
 */
export function unaryService<D extends object>(definition: D, handlers: UnaryHandlers<D>): UnaryService {
  const methods = definition as ServiceDefinition;
  const path = Object.values(methods)[0]?.path ?? '';
  const answerOf = handlers as unknown as Readonly<Record<string, Answer>>;
  return {
    name: path.split('/')[1] ?? '',
    definition: methods,
    implementation: (logger) =>
      Object.fromEntries(
        Object.entries(methods).map(([name, method]) => {
          const answer = answerOf[name];
          if (answer === undefined) throw new ShopError('unimplemented', `no handler for ${method.path}`);
          return [name, unaryHandler(method.path, answer, logger)];
        }),
      ),
  };
}

type Answer = (request: unknown, call: IncomingCall) => unknown;

function unaryHandler(path: string, answer: Answer, logger: Logger): handleUnaryCall<unknown, unknown> {
  return (grpcCall, callback) => {
    const startedAt = systemClock.monotonic();
    const origin = originOf(grpcCall.metadata);
    const log = logger.child({ rpc: path, ...origin });
    const over = new AbortController();
    grpcCall.on('cancelled', () => over.abort());
    const idempotencyKey = grpcCall.metadata.get('idempotency-key')[0]?.toString();
    // grpc-js keeps deadlines in real time whatever clock the service runs by.
    const remainingMs = () => Number(grpcCall.getDeadline()) - systemClock.now();
    const call: IncomingCall = {
      ...origin,
      path,
      idempotencyKey,
      signal: over.signal,
      get timeoutMs() {
        return remainingMs();
      },
      logger: log,
    };

    const perform = async () => {
      if (grpcCall.cancelled || remainingMs() <= 0) over.abort();
      throwIfOver(call);
      refuseMalformedUser(grpcCall.metadata);
      return answer(grpcCall.request, call);
    };
    const durationMs = () => Math.round(systemClock.monotonic() - startedAt);
    perform().then(
      (response) => {
        callback(null, response);
        log.debug({ durationMs: durationMs() }, 'answered');
      },
      (error: unknown) => {
        callback(toGrpcFailure(error));
        const code = codeOf(error);
        const level = meaningOf(code).log;
        const cause = level === 'error' || level === 'warn' ? { err: error } : {};
        log[level]({ code, durationMs: durationMs(), ...cause }, 'refused');
      },
    );
  };
}

/** Throws `deadline_exceeded` when nobody waits for the answer any more, so that nothing is begun. */
export function throwIfOver(call: Pick<IncomingCall, 'signal'>): void {
  if (call.signal.aborted) throw new ShopError('deadline_exceeded', 'the caller no longer waits');
}
