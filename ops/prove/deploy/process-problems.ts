import type { Config, ServiceName } from '../../shop/config/config.ts';
import { isLoopback } from '../../shop/config/loopback.ts';
import { ConfigError, parseConfig } from '../../shop/config/parse-config.ts';
import { roles, type Role } from '../../shop/config/roles.ts';
import { variables, type VariableName } from '../../shop/config/variables.ts';
import { isMounted, type DeployedProcess } from './deployed-process.ts';

const files: readonly VariableName[] = [
  'TLS_CERT',
  'TLS_KEY',
  'GRPC_TLS_CA',
  'GRPC_TLS_CERT',
  'GRPC_TLS_KEY',
];

const hosts: Readonly<Record<ServiceName, Role>> = {
  ...{ product: 'product', inventory: 'inventory', payment: 'payment' },
  ...{ cart: 'grpc', orders: 'grpc', checkout: 'grpc' },
};

/** What would stop these processes, or keep them from each other; a line each. */
export function problemsOf(processes: readonly DeployedProcess[]): string[] {
  const lines: string[] = [];
  const read = processes.flatMap((deployed) => {
    lines.push(...unknownNames(deployed), ...missingMounts(deployed));
    try {
      return [{ deployed, config: parseConfig(deployed.env) }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      lines.push(...error.lines.map((line) => `${deployed.name}: ${line}`));
      return [];
    }
  });
  for (const role of roles) {
    if (!read.some(({ config }) => config.roles.has(role))) lines.push(`nobody has the role ${role}`);
  }
  for (const one of read) {
    lines.push(...wrongAddresses(one, read), ...unreachable(one), ...wrongHealthPort(one));
  }
  return lines;
}

interface Read {
  readonly deployed: DeployedProcess;
  readonly config: Config;
}

function unknownNames({ name, env }: DeployedProcess): string[] {
  return Object.keys(env)
    .filter((variable) => !Object.hasOwn(variables, variable))
    .map((variable) => `${name}: nobody reads ${variable}`);
}

function missingMounts({ name, env, mounts }: DeployedProcess): string[] {
  const paths = [env['DATA_DIR'] ?? '', ...files.map((variable) => env[variable] ?? '')].filter(Boolean);
  return paths
    .filter((path) => !isMounted(path, mounts))
    .map((path) => `${name}: nothing is mounted for ${path}`);
}

function wrongAddresses({ deployed, config }: Read, all: readonly Read[]): string[] {
  return [...config.givenAddresses].flatMap((service) => {
    const address = config.addresses[service];
    const target = all.find((other) => other.deployed.portAt(address) !== undefined);
    if (target === undefined) return [`${deployed.name}: ${address} leads nowhere`];
    const serves = target.config.roles.has(hosts[service]);
    if (serves && target.deployed.portAt(address) === target.config.grpcPorts[service]) return [];
    return [
      `${deployed.name}: ${address} leads to ${target.deployed.name}, where ${service} does not listen`,
    ];
  });
}

/** A loopback is that of the container or pod itself. */
function unreachable({ deployed, config }: Read): string[] {
  const serves = Object.values(hosts).some((role) => config.roles.has(role));
  if (!serves || !isLoopback(config.grpcHost)) return [];
  return [`${deployed.name}: GRPC_HOST is ${config.grpcHost}, where nobody outside reaches it`];
}

function wrongHealthPort({ deployed, config }: Read): string[] {
  const { health = config.healthPort } = deployed.namedPorts;
  if (config.healthPort !== undefined && health === config.healthPort) return [];
  return [
    `${deployed.name}: HEALTH_PORT is ${config.healthPort ?? 'not set'}, and its probes ask ${health ?? 'nobody'}`,
  ];
}
