import type { handleUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Logger, systemClock } from '@trolley/runtime';
import type { GrpcObserver } from './grpc-observer.ts';
import { toGrpcFailure } from './grpc-status.ts';
import { ArrivedCall } from './incoming-call.ts';
import { serveCall, type ServedMethod, type UnaryService } from './unary-service.ts';

interface NetworkHandlersOptions {
  readonly logger: Logger;
  readonly observer?: GrpcObserver | undefined;
}

/**
 * A service as grpc-js wants it: handlers that call back. An `ActorError` leaves as its gRPC status with its exact code
 * in the trailing metadata; anything else as INTERNAL.
 */
export function networkHandlers(
  { methods }: UnaryService,
  around: NetworkHandlersOptions,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(methods).map(([name, served]) => [name, networkHandler(served, around)]),
  );
}

function networkHandler(
  served: ServedMethod,
  { logger, observer }: NetworkHandlersOptions,
): handleUnaryCall<unknown, unknown> {
  return (grpcCall, callback) => {
    const { metadata } = grpcCall;
    // grpc-js keeps deadlines in real time whatever clock the service runs by.
    const remainingMs = () => Number(grpcCall.getDeadline()) - systemClock.now();
    const call = new ArrivedCall({ path: served.method.path, metadata, logger, remainingMs });
    if (grpcCall.cancelled) call.end();
    grpcCall.on('cancelled', () => call.end());
    serveCall(served, grpcCall.request, call, { metadata, logger, observer }).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toGrpcFailure(error, served.statusOf)),
    );
  };
}
