import { randomUUID } from 'node:crypto';
import {
  openClusterClient,
  silentLogger,
  systemClock,
  type Client,
  type RedisConnection,
} from '@trolley/runtime';
import type { Config } from '../../shop/config/config.ts';

/** A client of the shop's cluster for an operator's command, which tells by itself what came of it. */
export function openOperatorClient(redis: RedisConnection, { actors }: Pick<Config, 'actors'>): Client {
  const { shards, mailboxLimit } = actors;
  return openClusterClient({
    ...{ redis, clock: systemClock, logger: silentLogger, newId: randomUUID, shards, mailboxLimit },
  });
}
