import { type Logger, systemClock } from '@trolley/runtime';
import { createMutualTls, type MutualTls } from '../../../actors/services/grpc/mutual-tls.ts';
import type { Config } from '../config/config.ts';
import { isLoopback } from '../config/loopback.ts';
import type { Role } from '../config/roles.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { namedFiles, TlsFiles } from '../process/tls-files.ts';

/** The certificates of HTTPS on the gateway or the console; undefined: plain HTTP. */
export async function startHttpsTls(
  { http: { tls } }: Config,
  server: 'gateway' | 'console',
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<TlsFiles<'cert' | 'key'> | undefined> {
  if (tls === undefined) return undefined;
  return lifecycle.start({
    name: `the certificates of the ${server}`,
    start: () => TlsFiles.open({ files: namedFiles('TLS', tls), clock: systemClock, logger }),
    stop: (files) => files.close(),
  });
}

const grpcRoles: readonly Role[] = ['product', 'inventory', 'payment', 'grpc'];

/** The credentials of gRPC servers and clients; undefined: no encryption. */
export async function startGrpcTls(
  { grpcTls, grpcHost, roles }: Config,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<MutualTls | undefined> {
  if (grpcTls === undefined) {
    if (!isLoopback(grpcHost) && grpcRoles.some((role) => roles.has(role)))
      logger.warn({ grpcHost }, 'GRPC_INSECURE: whoever reaches the gRPC ports may act for every user');
    return undefined;
  }
  const files = await lifecycle.start({
    name: 'the certificates of gRPC',
    start: () => TlsFiles.open({ files: namedFiles('GRPC_TLS', grpcTls), clock: systemClock, logger }),
    stop: (held) => held.close(),
  });
  return createMutualTls(files);
}
