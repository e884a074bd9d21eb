import type { Config } from '../config/config.ts';

/** With fewer, all in one process answers more: what passes between processes costs more than the other core gives. */
const fewestCores = 4;
/** More of them wait for the actors, for Redis and for PostgreSQL. */
const mostByItself = 4;

const services = ['product', 'inventory', 'payment'] as const;

/**
 * How many processes of their own the gateway gets; 0: it runs in the process of the other roles.
 *
 * @param cores - what this process may use at once
 */
export function gatewayCount(config: Config, cores: number): number {
  const { roles, gatewayProcesses, grpcTls, givenAddresses } = config;
  if (!roles.has('gateway')) return 0;
  if (gatewayProcesses !== 'auto') return gatewayProcesses;
  // Alone it has nobody to make room for: how many are wanted, its deployment says.
  if (roles.size === 1) return 0;
  // It calls the services by their addresses then, for which certificates may not be made out.
  const mayNotBeCertified = services.some((name) => roles.has(name) && !givenAddresses.has(name));
  if (grpcTls !== undefined && mayNotBeCertified) return 0;
  return cores < fewestCores ? 0 : Math.min(Math.floor(cores / 2), mostByItself);
}
