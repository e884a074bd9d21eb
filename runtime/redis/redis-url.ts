/** Where a Redis is, and how it is run. */
export type RedisAddress = {
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly hosts: readonly RedisHost[];
} & (
  | { readonly kind: 'standalone'; readonly db: number }
  /** `hosts` are the Sentinels, `master` is the name that they know the Redis by. */
  | { readonly kind: 'sentinel'; readonly master: string; readonly db: number }
  /** `hosts` are some nodes; they know the others. */
  | { readonly kind: 'cluster' }
);

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

const form = /^(rediss?)(?:\+(cluster|sentinel))?:\/\/(?:([^/?#]*)@)?([^/?#]+)(?:\/([^?#]*))?$/;

export const redisUrlForms =
  'redis://host:6379, redis+sentinel://host:26379,…/master-name or redis+cluster://host:6379,… (rediss… for TLS)';

/**
 * Reads `redis://host:6379/0`, `redis+sentinel://h1:26379,h2:26379/master-name/0`, `redis+cluster://h1:6379,h2:6379`
 * and each of them as `rediss…`, with `user:password@` before the first host.
 *
 * @throws Error that says what is wanted, without what was given
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, kind, credentials, hosts = '', path = ''] = form.exec(url) ?? fail();
  const common = { tls: scheme === 'rediss', ...credentialsOf(credentials) };
  const several = hosts.split(',');
  switch (kind) {
    case 'cluster':
      // A cluster has one database, and every node knows all others.
      return path === '' ? { ...common, kind, hosts: several.map((host) => hostOf(host, 6379)) } : fail();
    case 'sentinel': {
      const [master = '', db] = path.split('/').map(decodeURIComponent);
      const sentinels = several.map((host) => hostOf(host, 26379));
      return master === '' ? fail() : { ...common, kind, hosts: sentinels, master, db: dbOf(db) };
    }
    default:
      return { ...common, kind: 'standalone', hosts: [hostOf(hosts, 6379)], db: dbOf(path) };
  }
}

function credentialsOf(text: string | undefined): { username?: string; password?: string } {
  if (text === undefined) return {};
  const at = text.indexOf(':');
  const [username, password] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
}

/** An IPv6 address stands in brackets. */
function hostOf(text: string, otherwise: number): RedisHost {
  const [, host = '', port] = /^(\[[0-9a-f:.]+\]|[^\s:[\]@,]+)(?::(\d{1,5}))?$/i.exec(text) ?? fail();
  const number = Number(port ?? otherwise);
  return number > 65_535 ? fail() : { host: host.replace(/^\[|\]$/g, ''), port: number };
}

function dbOf(text = ''): number {
  return /^\d{0,5}$/.test(text) ? Number(text) : fail();
}

function fail(): never {
  throw new Error(`wanted a URL such as ${redisUrlForms}`);
}
