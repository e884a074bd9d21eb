import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { service as healthDefinition } from 'grpc-health-check';
import { Client, connectivityState, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientOptions, ServiceError } from '@grpc/grpc-js';
import { codeOf, isActorError, systemClock, type ActorError } from '@trolley/runtime';
import { ShopError } from '../../errors.contract.ts';
import { connectionLimits } from './connection-limits.ts';
import { metadataOf } from './call-metadata.ts';
import { fromGrpcError, isUnknownOutcome } from './grpc-status.ts';
import type { ServiceCall } from '../service-call.ts';
import type { RequestOf, ResponseOf, UnaryMethod } from './unary-method.ts';

export { isUnknownOutcome };

export interface GrpcClientOptions {
  /** `host:port`. */
  readonly address: string;
  /** Default: no encryption. */
  readonly credentials?: ChannelCredentials | undefined;
  /** For calls that bring no `timeoutMs` of their own. Default 5000. */
  readonly defaultTimeoutMs?: number;
  /** This many failures in a row open the circuit. Default 10. */
  readonly breakAfterFailures?: number;
  /** How long an open circuit stays open before one call may try again. Default 1000. */
  readonly halfOpenAfterMs?: number;
  /** A connection that is not made by then is begun anew. Default 3000. */
  readonly connectLimitMs?: number;
  /** How long a call waits before the far side is asked whether it is there, and how long that may take. Default 4000. */
  readonly keepAliveMs?: number;
}

/** The connection to one target with its circuit, for the methods of one generated service definition. */
export interface GrpcClient<D> {
  /**
   * One unary call, always with a deadline. Rejects with an `ActorError` of the exact code that the far
   * side gave; with `unavailable` at once while the circuit is open. `isUnknownOutcome` tells whether the
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

// Retries are the caller's: only it knows what is idempotent and for how long to go on.
const channelOptions = (keepAliveMs: number): Partial<ClientOptions> => ({
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  // The default of two minutes would outlast a restart of the far side by far.
  'grpc.max_reconnect_backoff_ms': 1000,
  // The default of half a minute would outlast a checkout whose service has come back under another address.
  'grpc.dns_min_time_between_resolutions_ms': 1000,
  // Nor would a look for settings in DNS help: there are none.
  'grpc.service_config_disable_resolution': 1,
  'grpc.keepalive_time_ms': keepAliveMs,
  'grpc.keepalive_timeout_ms': keepAliveMs,
  'grpc.client_idle_timeout_ms': connectionLimits.idleMs - 60_000,
  'grpc.use_local_subchannel_pool': 1,
});

const checkTimeoutMs = 1_000;
const healthCheck = healthDefinition['Check'] as UnaryMethod<{ service: string }, { status: string }>;

export function openGrpcClient<D extends object>(definition: D, options: GrpcClientOptions): GrpcClient<D> {
  const service = Object.values(definition as Record<string, { path: string }>)[0]?.path.split('/')[1] ?? '';
  const secured = options.credentials ?? credentials.createInsecure();
  const connect = () => ({
    client: new Client(options.address, secured, channelOptions(options.keepAliveMs ?? 4000)),
    since: systemClock.monotonic(),
  });
  let connection = connect();
  const circuit = circuitBreaker(handleWhen(isFailureOfTarget), {
    breaker: new ConsecutiveBreaker(options.breakAfterFailures ?? 10),
    halfOpenAfter: options.halfOpenAfterMs ?? 1000,
  });
  const refusal = (cause?: unknown) =>
    new ShopError('unavailable', `${service} does not answer; not called`, { cause });

  /** grpc-js waits without a limit for a far side that takes a connection up, or does not even refuse it. */
  function endHangingConnection(used: typeof connection): void {
    const isConnected = used.client.getChannel().getConnectivityState(false) === connectivityState.READY;
    const ageMs = systemClock.monotonic() - used.since;
    if (used !== connection || isConnected || ageMs < (options.connectLimitMs ?? 3000)) return;
    connection = connect();
    used.client.close();
  }

  async function performOn<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    timeoutMs: number,
    context: ServiceCall,
  ): Promise<Response> {
    const used = connection;
    try {
      return await perform(used.client, method, request, systemClock.now() + timeoutMs, context);
    } catch (error) {
      if (codeOf(error) === 'deadline_exceeded') endHangingConnection(used);
      throw error;
    }
  }

  return {
    async call<M extends keyof D>(name: M, request: RequestOf<D[M]>, context: ServiceCall = {}) {
      // While one call probes, cockatiel would make the others wait for it past their own deadlines.
      if (circuit.state === CircuitState.HalfOpen) throw refusal();
      const method = definition[name] as UnaryMethod<RequestOf<D[M]>, ResponseOf<D[M]>>;
      const timeoutMs = context.timeoutMs ?? options.defaultTimeoutMs ?? 5000;
      try {
        return await circuit.execute(() => performOn(method, request, timeoutMs, context));
      } catch (error) {
        throw isActorError(error) ? error : refusal(error);
      }
    },
    async check() {
      const { status } = await performOn(healthCheck, { service: '' }, checkTimeoutMs, {});
      if (status !== 'SERVING') throw new ShopError('unavailable', `${service} says that it does not serve`);
    },
    get circuitOpen() {
      return circuit.state === CircuitState.Open;
    },
    close: () => connection.client.close(),
  };
}

function perform<Request, Response>(
  connection: Client,
  method: UnaryMethod<Request, Response>,
  request: Request,
  deadline: number,
  context: ServiceCall,
): Promise<Response> {
  const { signal } = context;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(cancelled('before it was sent'));
    const abort = () => call.cancel();
    const done = (error: ServiceError | null, response?: Response) => {
      signal?.removeEventListener('abort', abort);
      if (response !== undefined) resolve(response);
      else if (signal?.aborted === true) reject(cancelled('while it ran', error));
      else if (error !== null) reject(fromGrpcError(error));
    };
    const { path, requestSerialize, responseDeserialize } = method;
    const metadata = metadataOf(context);
    const call = connection.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      { deadline },
      done,
    );
    signal?.addEventListener('abort', abort, { once: true });
  });
}

const cancelledByCaller = { cancelled: true };

function cancelled(when: string, cause?: unknown): ActorError {
  return new ShopError('deadline_exceeded', `the call was cancelled ${when}`, {
    cause,
    details: cancelledByCaller,
  });
}

/** A refusal is an answer of a healthy target, and a caller that stops waiting says nothing about it. */
function isFailureOfTarget(error: Error): boolean {
  return isUnknownOutcome(error) && !(isActorError(error) && error.details === cancelledByCaller);
}
