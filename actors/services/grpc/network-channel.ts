import { Client, connectivityState, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientOptions, ServiceError } from '@grpc/grpc-js';
import { codeOf, systemClock } from '@trolley/runtime';
import type { ServiceCall } from '../service-call.ts';
import { metadataOf } from './call-metadata.ts';
import { cancelled, type Channel } from './channel.ts';
import { connectionLimits } from './connection-limits.ts';
import { fromGrpcError } from './grpc-status.ts';
import type { UnaryMethod } from './unary-method.ts';

export interface NetworkTarget {
  /** `host:port`. */
  readonly address: string;
  /** Default: no encryption. */
  readonly credentials?: ChannelCredentials | undefined;
  /** A connection that is not made by then is begun anew. Default 3000. */
  readonly connectLimitMs?: number;
  /** How long a call waits before the far side is asked whether it is there, and how long that may take. Default 4000. */
  readonly keepAliveMs?: number;
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

/** Over HTTP/2, to a server of any process. */
export function openNetworkChannel(target: NetworkTarget): Channel {
  const secured = target.credentials ?? credentials.createInsecure();
  const connect = () => ({
    client: new Client(target.address, secured, channelOptions(target.keepAliveMs ?? 4000)),
    since: systemClock.monotonic(),
  });
  let connection = connect();

  /** grpc-js waits without a limit for a far side that takes a connection up, or does not even refuse it. */
  function endHangingConnection(used: typeof connection): void {
    const isConnected = used.client.getChannel().getConnectivityState(false) === connectivityState.READY;
    const ageMs = systemClock.monotonic() - used.since;
    if (used !== connection || isConnected || ageMs < (target.connectLimitMs ?? 3000)) return;
    connection = connect();
    used.client.close();
  }

  return {
    async call(method, request, timeoutMs, context) {
      const used = connection;
      try {
        return await perform(used.client, method, request, systemClock.now() + timeoutMs, context);
      } catch (error) {
        if (codeOf(error) === 'deadline_exceeded') endHangingConnection(used);
        throw error;
      }
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
