import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { type Clock, type Logger, systemClock } from '@trolley/runtime';
import type { HealthChecks } from '@trolley/runtime/observe';
import { RpcError } from './rpc-error.ts';
import { describeServices } from '../../../proto/descriptors.ts';
import { startSweep } from '../sweep.ts';
import { connectionLimits, type ConnectionLimits } from './connection-limits.ts';
import type { GrpcObserver } from './grpc-observer.ts';
import { InProcessServer } from './in-process-server.ts';
import { networkHandlers } from './network-handlers.ts';
import { createServingHealth } from './serving-health.ts';
import type { UnaryService } from './unary-service.ts';

export interface GrpcServerOptions {
  /** The address to listen on, e.g. `0.0.0.0`. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly services: readonly UnaryService[];
  readonly logger: Logger;
  readonly observer?: GrpcObserver | undefined;
  /** What the services can't do without: while one of these fails, `grpc.health.v1` says NOT_SERVING. Default: nothing. */
  readonly needs?: HealthChecks;
  /** Of the looks at `needs`. Default: the system's. */
  readonly clock?: Clock;
  /** How often to look. Default 1000. */
  readonly lookEveryMs?: number;
  /** Default: no encryption. */
  readonly credentials?: ServerCredentials | undefined;
  /** How long `close` waits for calls under way. Default 5000. */
  readonly shutdownMs?: number;
  /** Default: `connectionLimits`. */
  readonly limits?: Partial<ConnectionLimits>;
}

export interface GrpcServer {
  readonly port: number;
  /** For callers in this process. */
  readonly inProcess: InProcessServer;
  /** From now on `grpc.health.v1` says NOT_SERVING: clients that look send their calls elsewhere. */
  drain(): void;
  /** Takes no more calls, lets those under way end within `shutdownMs`, then cuts them off. */
  close(): Promise<void>;
}

/** Ours carry a few kilobytes; what is larger is no request of a client. */
const maxRequestBytes = 1024 * 1024;

/**
 * Listens with the given services, health and reflection.
 *
 * Throws `conflict` when the port can't be taken.
 */
export async function openGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const limits = { ...connectionLimits, ...options.limits };
  const server = new Server({
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_connection_idle_ms': limits.idleMs,
    'grpc.keepalive_time_ms': limits.pingEveryMs,
    'grpc.keepalive_timeout_ms': limits.pingTimeoutMs,
    'grpc.max_concurrent_streams': limits.callsAtOnce,
  });
  for (const service of options.services) {
    server.addService(service.definition, networkHandlers(service, options));
  }
  const health = createServingHealth(options);
  health.implementation.addToServer(server);
  reflectionOf(options.services).addToServer(server);

  const inProcess = new InProcessServer({
    methods: [...options.services.flatMap(({ methods }) => Object.values(methods)), health.check],
    maxRequestBytes,
    logger: options.logger,
    observer: options.observer,
  });

  await health.look();
  const port = await bind(server, options);
  const { clock = systemClock, lookEveryMs = 1_000, logger } = options;
  const looks = startSweep({ clock, everyMs: lookEveryMs, round: () => health.look(), logger });
  let closing: Promise<void> | undefined;
  return {
    port,
    inProcess,
    drain: () => health.drain(),
    close() {
      health.drain();
      const withinMs = options.shutdownMs ?? 5000;
      closing ??= looks
        .close()
        .then(() => Promise.all([inProcess.close(withinMs), shutDown(server, withinMs)]))
        .then(() => undefined);
      return closing;
    },
  };
}

function reflectionOf(services: readonly UnaryService[]): ReflectionService {
  // What the library would make of .proto files by itself, clients in Go refuse: reserved numbers, maps.
  const files = describeServices([...services.map(({ name }) => name), 'grpc.health.v1.Health']);
  const packages = { all: { fileDescriptorProtos: files.map((file) => Buffer.from(file)) } };
  return new ReflectionService(packages as unknown as ConstructorParameters<typeof ReflectionService>[0]);
}

function bind(server: Server, { host, port, credentials }: GrpcServerOptions): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials ?? ServerCredentials.createInsecure(), (cause, bound) => {
      if (cause === null) return resolve(bound);
      server.forceShutdown();
      reject(new RpcError('conflict', `cannot listen on ${address}: ${cause.message}`, { cause }));
    });
  });
}

function shutDown(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.schedule(withinMs, () => server.forceShutdown());
    server.tryShutdown(() => {
      cancel();
      // Also without calls under way some sockets may linger that no client closes.
      server.forceShutdown();
      resolve();
    });
  });
}
