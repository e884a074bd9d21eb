import { isRedisCluster, pause, type RedisConnection, systemClock } from '@trolley/runtime';
import {
  type ActorAddress,
  type Envelope,
  type Mailbox,
  parseAddress,
  shardPrefix,
} from '@trolley/runtime/adapters';

/** A message that failed for good: a failed job of its actor's queue. */
export interface DeadLetter {
  readonly actor: ActorAddress;
  readonly jobId: string;
  /** `AddItem` */
  readonly message: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Those of one actor, the youngest first. */
export async function deadLettersOf(
  redis: RedisConnection,
  namespace: string,
  actor: ActorAddress,
): Promise<DeadLetter[]> {
  const queue = queueOf(namespace, actor);
  const found = await redis.zrevrange(`${queue}:failed`, 0, -1, 'WITHSCORES');
  const letters: DeadLetter[] = [];
  for (let i = 0; i + 1 < found.length; i += 2) {
    const jobId = String(found[i]);
    const [message, reason] = await redis.hmget(`${queue}:${jobId}`, 'name', 'failedReason');
    // Else it was taken up again meanwhile.
    if (message === null || message === undefined) continue;
    letters.push({ actor, jobId, message, reason: reason ?? '', at: Number(found[i + 1]) });
  }
  return letters;
}

export interface Scan {
  readonly actors: readonly ActorAddress[];
  /** Keys looked at. */
  readonly keys: number;
  /** Whether that were all of them. */
  readonly complete: boolean;
}

const keysAtOnce = 500;
const restMs = 5;

/**
 * Looks for actors with dead letters. Nothing lists them, so this walks through the keys of Redis, at most `maxKeys`,
 * in small steps with rests between them.
 */
export async function scanForDeadLetters(
  redis: RedisConnection,
  namespace: string,
  maxKeys: number,
): Promise<Scan> {
  const actors: ActorAddress[] = [];
  const pattern = new RegExp(`^\\{${namespace}-(\\d+)\\}:(.+):failed$`);
  let keys = 0;
  for (const master of isRedisCluster(redis) ? redis.nodes('master') : [redis]) {
    let cursor = '0';
    do {
      if (keys >= maxKeys) return { actors, keys, complete: false };
      const match = `{${namespace}-*}:*:failed`;
      const [next, found] = await master.scan(cursor, 'MATCH', match, 'COUNT', keysAtOnce, 'TYPE', 'zset');
      for (const key of found) {
        const [, shard, id] = pattern.exec(key) ?? [];
        if (id !== undefined) actors.push(parseAddress(id, Number(shard)));
      }
      keys += keysAtOnce;
      cursor = next;
      await pause(systemClock, restMs);
    } while (cursor !== '0');
  }
  return { actors, keys, complete: true };
}

/**
 * Sends a dead letter again, behind what waits. Whoever asked has long been answered, so nobody is answered now.
 * Returns whether it was there.
 */
export async function retryDeadLetter(
  redis: RedisConnection,
  mailbox: Mailbox,
  namespace: string,
  { actor, jobId }: Pick<DeadLetter, 'actor' | 'jobId'>,
): Promise<boolean> {
  const queue = queueOf(namespace, actor);
  if ((await redis.zscore(`${queue}:failed`, jobId)) === null) return false;
  const data = await redis.hget(`${queue}:${jobId}`, 'data');
  if (data === null) return false;
  const { replyTo: _replyTo, deadline: _deadline, ...message } = JSON.parse(data) as Envelope;
  await mailbox.send(actor, jobId, message);
  return true;
}

const queueOf = (namespace: string, { shard, id }: ActorAddress) => `${shardPrefix(namespace, shard)}:${id}`;
