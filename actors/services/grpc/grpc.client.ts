import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { service as healthDefinition } from 'grpc-health-check';
import { isActorError, systemClock } from '@trolley/runtime';
import { RpcError, rpcStatusOf } from './rpc-error.ts';
import type { CallReport, GrpcObserver } from './grpc-observer.ts';
import { cancelledByCaller } from './channel.ts';
import { isUnknownOutcome } from './grpc-status.ts';
import { openInProcessChannel } from './in-process-channel.ts';
import type { InProcessServer } from './in-process-server.ts';
import { openNetworkChannel, type NetworkTarget } from './network-channel.ts';
import type { ServiceCall } from '../service-call.ts';
import type { RequestOf, ResponseOf, UnaryMethod } from './unary-method.ts';

export { isUnknownOutcome };

interface CallOptions {
  /** For calls that bring no `timeoutMs` of their own. Default 5000. */
  readonly defaultTimeoutMs?: number;
  /** This many failures in a row open the circuit. Default 5. */
  readonly breakAfterFailures?: number;
  /** Calls under way at once; one more is not made. Default 2000. */
  readonly maxConcurrent?: number;
  /** How long an open circuit stays open before one call may try again. Default 1000. */
  readonly halfOpenAfterMs?: number;
  readonly observer?: GrpcObserver | undefined;
}

/** Where a service is: behind an address, or in this process. */
export type GrpcClientOptions = CallOptions & (NetworkTarget | { readonly server: InProcessServer });

/** The connection to one target with its circuit, for the methods of one generated service definition. */
export interface GrpcClient<D> {
  /**
   * One unary call, always with a deadline. Rejects with an `ActorError` of the exact code that the far
   * side gave; with `unavailable` at once while the circuit is open, or too many calls are under way. `isUnknownOutcome` tells whether the
   * call may have had its effect.
   */
  call<M extends keyof D>(
    method: M,
    request: RequestOf<D[M]>,
    context?: ServiceCall,
  ): Promise<ResponseOf<D[M]>>;
  /**
   * Rejects with `unavailable` unless the far side says by `grpc.health.v1` that it serves. Goes past the circuit and
   * leaves it as it is.
   */
  check(): Promise<void>;
  readonly circuitOpen: boolean;
  close(): void;
}

/** What a connection to a service can do besides the calls of that service. */
export interface ServiceConnection {
  /** Rejects with `unavailable` unless the service says that it serves. */
  check(): Promise<void>;
  close(): void;
}

const checkTimeoutMs = 1_000;
const healthCheck = healthDefinition['Check'] as UnaryMethod<{ service: string }, { status: string }>;

export function openGrpcClient<D extends object>(definition: D, options: GrpcClientOptions): GrpcClient<D> {
  const service = Object.values(definition as Record<string, { path: string }>)[0]?.path.split('/')[1] ?? '';
  const channel = 'server' in options ? openInProcessChannel(options.server) : openNetworkChannel(options);
  const circuit = circuitBreaker(handleWhen(isFailureOfTarget), {
    breaker: new ConsecutiveBreaker(options.breakAfterFailures ?? 5),
    halfOpenAfter: options.halfOpenAfterMs ?? 1000,
  });
  const { observer, maxConcurrent = 2000 } = options;
  let underWay = 0;
  observer?.circuit?.(service, false);
  circuit.onBreak(() => observer?.circuit?.(service, true));
  circuit.onReset(() => observer?.circuit?.(service, false));
  const refusal = (cause?: unknown) =>
    new RpcError('unavailable', `${service} does not answer; not called`, { cause });

  async function perform<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    context: ServiceCall,
  ): Promise<Response> {
    const timeoutMs = context.timeoutMs ?? options.defaultTimeoutMs ?? 5000;
    const startedAt = systemClock.monotonic();
    const ended = (outcome: CallReport['outcome']) =>
      observer?.called?.({ rpc: method.path, outcome, ms: systemClock.monotonic() - startedAt });
    // While one call probes, cockatiel would make the others wait for it past their own deadlines.
    if (circuit.state === CircuitState.HalfOpen) {
      ended('not_called');
      throw refusal();
    }
    if (underWay >= maxConcurrent) {
      ended('not_called');
      throw new RpcError('unavailable', `${service} has ${underWay} calls under way; not called`);
    }
    underWay += 1;
    observer?.underWay?.(service, underWay);
    try {
      const response = await circuit.execute(() => channel.call(method, request, timeoutMs, context));
      ended('ok');
      return response;
    } catch (error) {
      if (!isActorError(error)) {
        ended('not_called');
        throw refusal(error);
      }
      ended(isUnknownOutcome(error) ? 'failed' : 'refused');
      throw error;
    } finally {
      underWay -= 1;
      observer?.underWay?.(service, underWay);
    }
  }

  return {
    async call<M extends keyof D>(name: M, request: RequestOf<D[M]>, context: ServiceCall = {}) {
      const method = definition[name] as UnaryMethod<RequestOf<D[M]>, ResponseOf<D[M]>>;
      if (observer?.aroundCall === undefined) return perform(method, request, context);
      const begun = { rpc: method.path, trace: context, statusOf: rpcStatusOf };
      return observer.aroundCall(begun, (trace) => perform(method, request, { ...context, ...trace }));
    },
    async check() {
      const { status } = await channel.call(healthCheck, { service: '' }, checkTimeoutMs, {});
      if (status !== 'SERVING') throw new RpcError('unavailable', `${service} says that it does not serve`);
    },
    get circuitOpen() {
      return circuit.state === CircuitState.Open;
    },
    close: () => channel.close(),
  };
}

/** A refusal is an answer of a healthy target, and a caller that stops waiting says nothing about it. */
function isFailureOfTarget(error: Error): boolean {
  return isUnknownOutcome(error) && !(isActorError(error) && error.details === cancelledByCaller);
}
