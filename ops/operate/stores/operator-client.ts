import { type ActorCluster, connect, type RedisConnection, silentLogger } from '@trolley/runtime';
import type { Config } from '../../shop/config/config.ts';

/** The shop's cluster for an operator's command, which tells by itself what came of it. */
export function openOperatorClient(
  redis: RedisConnection,
  { actors }: Pick<Config, 'actors'>,
): Promise<ActorCluster> {
  const { shards, mailboxLimit } = actors;
  return connect({ redis, logger: silentLogger, shards, mailboxLimit });
}
