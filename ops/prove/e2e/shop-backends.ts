import { createHash } from 'node:crypto';
import { createTestRedis, testMongoUri } from '@trolley/runtime/testing/suites';
import { shopBackends } from '../testing/shop-backends.ts';
import { takeShopKafka } from '../testing/shop-kafkas.ts';
import { startPrivateRedisCluster } from '../testing/test-servers.ts';
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

/** A Redis for this shop alone, unless it was given one. */
export async function redisFor({
  REDIS_URL: given,
}: Environment): Promise<{ url: string; stop(): Promise<void> }> {
  const stop = () => Promise.resolve();
  if (given !== undefined) return { url: given, stop };
  if (shopBackends.has('redis-cluster')) return startPrivateRedisCluster({ nodeTimeoutMs: 30_000 });
  return { url: (await createTestRedis()).url, stop };
}

/** A Kafka for this shop alone, if shops run on Kafka and these roles need one. It is released when the shop has ended. */
export async function kafkaFor({
  DATA_DIR = '',
  ROLES = 'all',
  KAFKA_BROKERS,
}: Environment): Promise<Environment> {
  const needed = KAFKA_BROKERS === undefined && /all|relay|consumers/.test(ROLES);
  return needed && shopBackends.has('kafka') ? { KAFKA_BROKERS: await takeShopKafka(DATA_DIR) } : {};
}
