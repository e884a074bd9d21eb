import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation, protoPath as healthProto } from 'grpc-health-check';
import { protoRoot } from '../../../proto/proto-root.ts';
import { systemClock } from '../../../runtime/define/clock.ts';
import { TrolleyError } from '../../../runtime/define/errors.ts';
import type { Logger } from '../../../runtime/observe/logger.ts';
import type { UnaryService } from './unary-service.ts';

export interface GrpcServerOptions {
  /** The address to listen on, e.g. `0.0.0.0`. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly services: readonly UnaryService[];
  /** The services' own files, relative to `proto/`, for reflection. */
  readonly protoFiles: readonly string[];
  readonly logger: Logger;
  /** Default: no encryption. */
  readonly credentials?: ServerCredentials | undefined;
  /** How long `close` waits for calls under way. Default 5000. */
  readonly shutdownMs?: number;
}

export interface GrpcServer {
  readonly port: number;
  /** What `grpc.health.v1` says: clients that look send their calls elsewhere. */
  setServing(serving: boolean): void;
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
  const server = new Server({ 'grpc.max_receive_message_length': maxRequestBytes });
  for (const { definition, implementation } of options.services) {
    server.addService(definition, implementation(options.logger));
  }
  const names = ['', ...options.services.map((service) => service.name)];
  const health = new HealthImplementation();
  const setServing = (serving: boolean) => {
    for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  };
  health.addToServer(server);
  reflectionOf(options.protoFiles).addToServer(server);

  const port = await bind(server, options);
  setServing(true);
  let closing: Promise<void> | undefined;
  return {
    port,
    setServing,
    close() {
      setServing(false);
      closing ??= shutDown(server, options.shutdownMs ?? 5000);
      return closing;
    },
  };
}

function reflectionOf(protoFiles: readonly string[]): ReflectionService {
  return new ReflectionService(
    loadSync([...protoFiles, healthProto], { includeDirs: [protoRoot], keepCase: true }),
  );
}

function bind(server: Server, { host, port, credentials }: GrpcServerOptions): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials ?? ServerCredentials.createInsecure(), (cause, bound) => {
      if (cause === null) return resolve(bound);
      server.forceShutdown();
      reject(new TrolleyError('conflict', `cannot listen on ${address}: ${cause.message}`, { cause }));
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
