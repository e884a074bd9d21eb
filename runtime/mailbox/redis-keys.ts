import type { KeyTypes } from '../redis/foreign-keys.ts';

/**
 * The format of all these keys, kept beside them; without one they have the first. It grows when nodes of an older
 * release could no longer work on them.
 */
export const keyFormat = 1;

/** Who takes part, what they host, and the format of the keys; the hash tag puts all into one slot of a Redis Cluster. */
export function memberKeys(namespace: string) {
  const nodes = `${namespace}:members`;
  return { nodes, types: `{${nodes}}:types`, format: `{${nodes}}:format` };
}

/** What is to be seen of the nodes, in the same slot. */
export function boardKeys(namespace: string) {
  const tag = `{${namespace}:members}`;
  return {
    report: (node: string) => `${tag}:report:${node}`,
    contracts: (fingerprint: string) => `${tag}:contracts:${fingerprint}`,
    steps: `${tag}:steps`,
  };
}

/** The stream of questions that operators ask a node. */
export const questionKey = (namespace: string, node: string) => `${namespace}:questions:${node}`;

/** Everything of a shard lives in one Redis Cluster slot: its keys share this hash tag. */
export const shardPrefix = (namespace: string, shard: number) => `{${namespace}-${shard}}`;

/** The key of a shard's lease: what the scripts check a token against. */
export const leaseKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:own`;

/** The counter that a shard's leases are numbered by. */
export const epochKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:epoch`;

/** The stream on which a shard's owner hears that an idle actor has got a message. */
export const wakeKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:bell`;

/** Why each parked actor of a shard is parked. */
export const parkedKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:parked`;

/** The dead letters of a shard by when they failed, as `<actor>:<job>`. */
export const deadKey = (namespace: string, shard: number) => `${shardPrefix(namespace, shard)}:dead`;

/** What the scripts of the mailboxes expect of a shard. */
export const shardKeyTypes = (namespace: string, shard: number): KeyTypes => {
  const prefix = shardPrefix(namespace, shard);
  return {
    [leaseKey(namespace, shard)]: 'string',
    [wakeKey(namespace, shard)]: 'stream',
    [`${prefix}:live`]: 'zset',
    [parkedKey(namespace, shard)]: 'hash',
    [deadKey(namespace, shard)]: 'zset',
  };
};

/** And of the queue of one of its actors. */
export const queueKeyTypes = (prefix: string, actorId: string): KeyTypes => {
  const queue = `${prefix}:${actorId}`;
  return {
    [`${queue}:wait`]: 'list',
    [`${queue}:active`]: 'list',
    [`${queue}:paused`]: 'list',
    [`${queue}:meta`]: 'hash',
    [`${queue}:events`]: 'stream',
    [`${queue}:delayed`]: 'zset',
    [`${queue}:prioritized`]: 'zset',
    [`${queue}:failed`]: 'zset',
    [`${queue}:completed`]: 'zset',
    [`${queue}:marker`]: 'zset',
  };
};
