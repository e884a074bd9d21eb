import { createHash } from 'node:crypto';
import { testMongoUri } from '../../runtime/testing/test-servers.ts';
import { shopBackends } from '../infra/testing/shop-backends.ts';
import type { Environment } from './shop-environment.ts';

/**
 * What a shop is told of the servers it runs on, beyond Redis and PostgreSQL: the same for the same DATA_DIR, so that a
 * shop that starts again finds what it had.
 */
export function backendsOf(dataDir: string): Environment {
  return shopBackends.has('mongodb') ? { MONGODB_URI: mongoUriFor(dataDir) } : {};
}

/** A database for the carts of this shop alone. */
export function mongoUriFor(dataDir: string): string {
  const uri = new URL(testMongoUri());
  uri.pathname = `/shop-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
  return uri.href;
}
