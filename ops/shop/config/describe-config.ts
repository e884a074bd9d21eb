import { maskPasswords } from '@trolley/runtime/observe';
import type { Config } from './config.ts';

const secret = '***';

/** The configuration as it may be logged: without secrets and passwords. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { searchPath: _searchPath, warnings: _warnings, ...rest } = config;
  return {
    ...rest,
    roles: [...config.roles],
    givenAddresses: [...config.givenAddresses],
    redis: { ...config.redis, url: maskPasswords(config.redis.url ?? 'embedded') },
    postgres: { ...config.postgres, url: maskPasswords(config.postgres.url ?? 'embedded') },
    console: {
      ...config.console,
      users: config.console.users?.map(({ name, role }) => `${name}:${role}:${secret}`),
    },
    kafka: config.kafka && {
      ...config.kafka,
      sasl: config.kafka.sasl && { ...config.kafka.sasl, password: secret },
    },
    mongo: { uri: maskPasswords(config.mongo.uri ?? 'unset') },
    jwt: {
      ...config.jwt,
      secret: secret,
      previousSecrets: config.jwt.previousSecrets.map(() => secret),
    },
  };
}
