import { z } from 'zod';
import { StartProblem } from '../process/start-problem.ts';
import { toConfig, developmentPassword, developmentSecret, type Config } from './config.ts';
import { ignoredFeatures } from './later-features.ts';
import { isLoopback } from './loopback.ts';
import { roles, type Role } from './roles.ts';
import { unknownVariables } from './unknown-variables.ts';
import { roleList, secrets } from './value.ts';
import { variableList, variables, type Values, type Variable, type VariableName } from './variables.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** All that is wrong with the environment, a line each. */
export class ConfigError extends StartProblem {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** Reads the configuration of this process's roles. Throws ConfigError with every problem at once. */
export function parseConfig(env: Environment): Config {
  const active = rolesIn(env);
  const given = read(env, active);
  const isUnguarded =
    active.has('console') && given.NODE_ENV === 'production' && given.CONSOLE_USERS === undefined;
  const lines: string[] = [];
  const result = schema.safeParse(given);
  if (!result.success) {
    const wrong = new Set(result.error.issues.map((issue) => String(issue.path[0]) as VariableName));
    for (const name of wrong) lines.push(...problemsWith(name, given[name] ?? ''));
  }
  if (given.NODE_ENV === 'production') {
    if (active.has('gateway')) lines.push(...keyProblems(given));
    lines.push(...publishedPasswords(given));
    if (isUnguarded && isNamed(env, 'console')) lines.push(`CONSOLE_USERS: ${noConsoleUsers}`);
  }
  lines.push(...halfGiven(given), ...unencrypted(given), ...withoutKafka(given));
  if (result.success) {
    const values = result.data as Values;
    lines.push(...portProblems(values, given, active), ...openToAll(values));
  }
  if (!result.success || lines.length > 0) throw new ConfigError(lines);
  const values = result.data as Values;
  const warnings = [...unknownVariables(env), ...ignoredFeatures(env)];
  const searchPath = env['PATH'] ?? '';
  if (!isUnguarded) return toConfig(values, { searchPath, warnings });
  // `all` is what a shop of before the console had, and it starts as it did.
  const roles = new Set([...values.ROLES].filter((role) => role !== 'console'));
  const leftOut = `The console is left out: CONSOLE_USERS ${noConsoleUsers}`;
  return toConfig({ ...values, ROLES: roles }, { searchPath, warnings: [...warnings, leftOut] });
}

const schema = z.object(
  Object.fromEntries(
    variableList.map(([name, { value, fallback }]) => {
      const read: z.ZodType = value.schema;
      return [name, fallback === undefined ? read.optional() : read.prefault(fallback)];
    }),
  ),
);

type Given = Partial<Record<VariableName, string>>;

/**
 * What these roles read: a wrong value of somebody else's stops nobody. `NAME=` in a file or a compose
 * entry means: not set.
 */
function read(env: Environment, active: ReadonlySet<Role>): Given {
  return Object.fromEntries(
    variableList
      .filter(([name, variable]) => isRead(variable, active) && env[name]?.trim() !== '')
      .map(([name]) => [name, env[name]]),
  );
}

function isRead({ roles: readers }: Variable<unknown>, active: ReadonlySet<Role>): boolean {
  return readers === 'all' || readers.some((role) => active.has(role));
}

/** A wrong ROLES is reported by its own variable; until it is right, everything is checked. */
function rolesIn(env: Environment): ReadonlySet<Role> {
  const result = roleList.schema.safeParse(env['ROLES'] ?? '');
  return result.success ? result.data : new Set(roles);
}

function problemsWith(name: VariableName, given: string): readonly string[] {
  const variable: Variable<unknown> = variables[name];
  const { problems, wanted } = variable.value;
  if (problems !== undefined) return problems(given).map((problem) => `${name}: ${problem}`);
  const shown = variable.secret === true ? '(hidden)' : JSON.stringify(given.slice(0, 80));
  return [`${name}: got ${shown}, wanted ${wanted}`];
}

const noConsoleUsers = 'is not set, wanted name:role:bcrypt-hash in production';

/** Asked for by its name, not by `all`. */
function isNamed(env: Environment, role: Role): boolean {
  const words = (env['ROLES'] ?? '').split(',').map((word) => word.trim());
  return words.includes(role);
}

/** What tokens are checked with in production: the secrets, or keys that nobody on the way can put in their place. */
function keyProblems(given: Given): string[] {
  const url = given.JWT_JWKS_URL;
  if (url === undefined) return secretProblems(given);
  return /^https:/i.test(url.trim()) ? [] : ['JWT_JWKS_URL: got http, wanted https in production'];
}

const secretBytes = 32;

function secretProblems({ JWT_SECRET, JWT_SECRETS_PREVIOUS }: Given): string[] {
  const wanted = `wanted a secret of at least ${secretBytes} bytes in production`;
  const isPublished = (secret: string) => secret.trim() === developmentSecret;
  const isBad = (secret: string) => Buffer.byteLength(secret) < secretBytes || isPublished(secret);
  const got = (secret: string) =>
    isPublished(secret)
      ? 'got the published one of development'
      : `got ${Buffer.byteLength(secret)} bytes (hidden)`;
  const lines: string[] = [];
  if (JWT_SECRET === undefined) lines.push(`JWT_SECRET: is not set, ${wanted}`);
  else if (isBad(JWT_SECRET)) lines.push(`JWT_SECRET: ${got(JWT_SECRET)}, ${wanted}`);
  const bad = secrets.schema.parse(JWT_SECRETS_PREVIOUS ?? '').find(isBad);
  if (bad !== undefined) lines.push(`JWT_SECRETS_PREVIOUS: ${got(bad)}, ${wanted}`);
  return lines;
}

/** Addresses with a password that everyone can read in `docker-compose.yml`. */
function publishedPasswords(given: Given): string[] {
  const names = ['REDIS_URL', 'POSTGRES_URL', 'MONGODB_URI'] as const;
  return names
    .filter((name) => passwordIn(given[name] ?? '') === developmentPassword)
    .map(
      (name) =>
        `${name}: got the published password of docker-compose.yml, wanted one of your own in production`,
    );
}

/** Not by `URL`, which takes no list of hosts. */
function passwordIn(address: string): string | undefined {
  const [, password, query] = /^\w+:\/\/(?:[^:@/?#]*:([^@/?#]*)@)?[^?#]*(?:\?([^#]*))?/.exec(address) ?? [];
  const given = new URLSearchParams(query).get('password') ?? password;
  try {
    return given === undefined ? undefined : decodeURIComponent(given);
  } catch {
    return given;
  }
}

/** Settings of which each means nothing without the others. */
const together: readonly (readonly VariableName[])[] = [
  ['TLS_CERT', 'TLS_KEY'],
  ['REDIS_TLS_CERT', 'REDIS_TLS_KEY'],
  ['GRPC_TLS_CA', 'GRPC_TLS_CERT', 'GRPC_TLS_KEY'],
  ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
];

function halfGiven(given: Given): string[] {
  return together.flatMap((names) => {
    const there = names.filter((name) => given[name] !== undefined);
    if (there.length === 0) return [];
    const missing = names.filter((name) => given[name] === undefined);
    return missing.map((name) => `${name}: is not set, wanted together with ${there.join(' and ')}`);
  });
}

/** Certificates for a connection that would not use them. */
function unencrypted(given: Given): string[] {
  if (given.REDIS_URL?.startsWith('rediss') === true) return [];
  const files = (['REDIS_TLS_CA', 'REDIS_TLS_CERT', 'REDIS_TLS_KEY'] as const).filter(
    (name) => given[name] !== undefined,
  );
  return files.slice(0, 1).map((name) => `${name}: is set, wanted together with a REDIS_URL of rediss…`);
}

/** Settings of a connection to Kafka that there is not, or that would not use them. */
function withoutKafka(given: Given): string[] {
  const encrypted = given.KAFKA_SSL === 'true' || given.KAFKA_SSL === '1';
  const name = encrypted
    ? 'KAFKA_SSL'
    : (['KAFKA_SSL_CA', 'KAFKA_SASL_MECHANISM'] as const).find((each) => given[each] !== undefined);
  if (name === undefined) return [];
  if (given.KAFKA_BROKERS === undefined) return [`${name}: is set, wanted together with KAFKA_BROKERS`];
  return name === 'KAFKA_SSL_CA' ? [`${name}: is set, wanted together with KAFKA_SSL=true`] : [];
}

/** gRPC callers are believed who they are: without certificates, only those of this machine. */
function openToAll({ GRPC_HOST: host, GRPC_INSECURE: insecure, GRPC_TLS_CA: ca }: Values): string[] {
  if (host === undefined || isLoopback(host) || ca !== undefined || insecure) return [];
  const wanted = 'a loopback address, or GRPC_TLS_CA, GRPC_TLS_CERT and GRPC_TLS_KEY with it';
  return [`GRPC_HOST: got "${host}", wanted ${wanted}; GRPC_INSECURE=true lets in whoever reaches it`];
}

/** Two listeners of this process on one port. */
function portProblems(values: Values, given: Given, active: ReadonlySet<Role>): string[] {
  const ports = variableList
    .filter(([name, variable]) => name.endsWith('_PORT') && isRead(variable, active))
    .map(([name]) => ({ name, port: values[name] }))
    .filter(({ port }) => port !== undefined && port !== 0);
  return ports.flatMap(({ name, port }, index) => {
    const other = ports.slice(0, index).find((earlier) => earlier.port === port);
    if (other === undefined) return [];
    const [changed, kept] = given[name] === undefined ? [other.name, name] : [name, other.name];
    return [`${changed}: got "${given[changed] ?? ''}", wanted another port than that of ${kept}`];
  });
}
