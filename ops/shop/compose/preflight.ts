import { lookup } from 'node:dns/promises';
import { type Logger, systemClock } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import type { Config } from '../config/config.ts';
import { openDataDir, type DataDir } from '../process/data-dir.ts';
import { assertPortFree, type PortClaim } from '../process/ports.ts';
import { isStartProblem, StartProblem } from '../process/start-problem.ts';
import { namedFiles, readTlsFiles } from '../process/tls-files.ts';
import { usesRedis } from './redis.ts';
import { calledElsewhere } from './services.ts';

/**
 * Takes DATA_DIR, when nothing is in the way of a start that can be seen without starting anything.
 *
 * @throws StartProblem a line for each problem
 */
export async function openDataDirChecked(config: Config): Promise<DataDir> {
  // First and alone: of a second start on the same folder every port would be said to be taken, too.
  const dataDir = openDataDir(config.dataDir);
  const checks = [...portChecks(config), ...certificateChecks(config)];
  const found = await Promise.allSettled(checks);
  const reasons = found.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  if (reasons.length === 0) return dataDir;
  dataDir.release();
  const problems = reasons.filter(isStartProblem);
  if (problems.length < reasons.length) throw reasons.find((reason) => !isStartProblem(reason)) as Error;
  throw new StartProblem(problems.map(({ message }) => message).join('\n'));
}

function portChecks(config: Config): Promise<void>[] {
  const { http, console: operators, healthPort, grpcHost, grpcPorts, roles } = config;
  const grpc = (['product', 'inventory', 'payment'] as const).filter((role) => roles.has(role));
  const facades = roles.has('grpc') ? (['cart', 'checkout', 'orders'] as const) : [];
  const claims: PortClaim[] = [
    ...(healthPort === undefined ? [] : [{ port: healthPort, variable: 'HEALTH_PORT', host: http.host }]),
    ...(roles.has('gateway') ? [{ port: http.port, variable: 'HTTP_PORT', host: http.host }] : []),
    ...(roles.has('console') ? [{ port: operators.port, variable: 'CONSOLE_PORT', host: http.host }] : []),
    ...[...grpc, ...facades].map((name) => ({
      port: grpcPorts[name],
      variable: `${name.toUpperCase()}_PORT`,
      host: grpcHost,
    })),
  ];
  return claims.map((claim) => assertPortFree(claim));
}

function certificateChecks(config: Config): Promise<unknown>[] {
  const { http, grpcTls, redis, kafka, roles } = config;
  const sets = [
    http.tls && (roles.has('gateway') || roles.has('console')) ? namedFiles('TLS', http.tls) : {},
    namedFiles('GRPC_TLS', grpcTls ?? {}),
    usesRedis(config) ? namedFiles('REDIS_TLS', redis.tls) : {},
    namedFiles('KAFKA_SSL', { ca: kafka?.tls?.ca }),
  ];
  return sets.map((files) => readTlsFiles(files, systemClock));
}

/**
 * Says which service's host has no address yet. That alone stops no start: in a deployment its name may come to be known
 * after ours, and until then readiness names the service.
 */
export async function warnOfUnknownHosts(config: Config, logger: Logger): Promise<void> {
  const looks = calledElsewhere(config).map(async ({ role }) => {
    const address = config.addresses[role];
    const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
    try {
      await lookup(host);
    } catch (error) {
      logger.warn(`${role.toUpperCase()}_SERVICE_ADDR: ${address} can't be found: ${reasonOf(error)}`);
    }
  });
  await Promise.all(looks);
}
