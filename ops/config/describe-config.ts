import { redisUrlWithoutPassword } from '../../runtime/redis/redis-url.ts';
import type { Config } from './config.ts';

/** The configuration as it may be logged: without secrets and passwords. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { searchPath: _searchPath, warnings: _warnings, ...rest } = config;
  return {
    ...rest,
    roles: [...config.roles],
    givenAddresses: [...config.givenAddresses],
    redis: { ...config.redis, url: config.redis.url && redisUrlWithoutPassword(config.redis.url) },
    postgres: { ...config.postgres, url: withoutPassword(config.postgres.url) },
    kafka: config.kafka && {
      ...config.kafka,
      sasl: config.kafka.sasl && { ...config.kafka.sasl, password: '[secret]' },
    },
    mongo: { uri: withoutCredentials(config.mongo.uri) },
    jwt: { ...config.jwt, secret: '[secret]' },
  };
}

/** A server's URL as it may be shown. */
export function withoutPassword(url: string | undefined): string {
  if (url === undefined) return 'embedded';
  const shown = new URL(url);
  if (shown.password !== '') shown.password = 'secret';
  // Drivers also take a password as a parameter.
  for (const name of shown.searchParams.keys())
    if (/pass/i.test(name)) shown.searchParams.set(name, 'secret');
  return shown.href;
}

/** An address of MongoDB as it may be shown: it may name several hosts, which makes it no URL. */
function withoutCredentials(uri: string | undefined): string {
  if (uri === undefined) return 'unset';
  const shown = uri.replace(/\/\/[^@/?]*@/, '//secret@');
  return shown.replace(/([?&][^=&]*(?:pass|mechanismprop)[^=&]*=)[^&]*/gi, '$1secret');
}
