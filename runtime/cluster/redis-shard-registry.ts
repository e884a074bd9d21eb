import { ActorError } from '../define/errors.ts';
import type { Logger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { ForeignKeys } from '../redis/foreign-keys.ts';
import { batchedScript } from '../redis/batched-script.ts';
import { redisScript } from '../redis/redis-script.ts';
import { epochKey, keyFormat, leaseKey, memberKeys } from '../mailbox/redis-keys.ts';
import type { ShardHolder, ShardRegistry } from './shard-registry.ts';

// Redis's own clock decides who lives, so the nodes' clocks need not agree.
const nowScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

// Of the nodes, or of the actor types that they host.
const aliveScript = `
${nowScript}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZRANGE', KEYS[1], 0, -1)
`;

// The last of them is forgotten, too, when nobody is left to join. A format that was lost with Redis is written again.
const joinScript = `
local ttl, format = ARGV[2], ARGV[3]
local stored = redis.call('GET', KEYS[3])
if (tonumber(stored) or 0) > tonumber(format) then return redis.error_reply('FORMAT ' .. stored) end
if stored ~= format then redis.call('SET', KEYS[3], format) end
${nowScript}
redis.call('ZADD', KEYS[1], now + ttl, ARGV[1])
for i = 4, #ARGV do redis.call('ZADD', KEYS[2], now + ttl, ARGV[i]) end
for _, key in ipairs({KEYS[1], KEYS[2]}) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
end
return redis.call('ZRANGE', KEYS[1], 0, -1)
`;

// Not a mere counter: a Redis that came back empty, or without its last second, would give out old tokens again.
const acquireScript = `
local left = redis.call('PTTL', KEYS[1])
-- A lease that lasts longer than leases do is left of a time before the clock was set back, or no lease at all.
if left >= 0 and left <= 2 * ARGV[2] then return false end
${nowScript}
local epoch = string.format('%.0f', math.max((tonumber(redis.call('GET', KEYS[2])) or 0) + 1, now))
redis.call('SET', KEYS[2], epoch)
local token = ARGV[1] .. '#' .. epoch
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
return token
`;

const holderScript = `return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}`;

const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`;

const scriptsOn = (redis: RedisConnection) => ({
  alive: redisScript<string[]>(redis, 1, aliveScript),
  join: redisScript<string[]>(redis, 3, joinScript),
  acquire: redisScript<string | null>(redis, 2, acquireScript),
  holder: redisScript<[string | null, number]>(redis, 1, holderScript),
  renew: batchedScript<number>(redis, 'renewals of leases', renewScript),
  release: redisScript<number>(redis, 1, releaseScript),
});

export interface RedisShardRegistryOptions {
  readonly redis: RedisConnection;
  readonly logger: Logger;
  readonly namespace: string;
  /** Actor types that the node hosts, for those who ask what is hosted. */
  readonly hosts?: readonly string[];
}

export class RedisShardRegistry implements ShardRegistry {
  readonly #redis: RedisConnection;
  readonly #scripts: ReturnType<typeof scriptsOn>;
  readonly #foreign: ForeignKeys;
  readonly #namespace: string;
  readonly #hosts: readonly string[];

  constructor({ redis, logger, namespace, hosts = [] }: RedisShardRegistryOptions) {
    this.#redis = redis;
    this.#scripts = scriptsOn(redis);
    this.#foreign = new ForeignKeys({ redis, logger });
    this.#namespace = namespace;
    this.#hosts = hosts;
  }

  /** @throws ActorError `unavailable` where the keys are of a newer format; their nodes are left alone */
  async join(node: string, ttlMs: number): Promise<string[]> {
    try {
      const members = await this.#ofMembers((nodes, types, format) =>
        this.#scripts.join(nodes, types, format, node, ttlMs, keyFormat, ...this.#hosts),
      );
      return members.sort();
    } catch (error) {
      const [, stored] = /\bFORMAT (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
      throw stored === undefined ? error : tooNew(this.#namespace, stored);
    }
  }

  /** @throws ActorError `unavailable` where the keys are of a newer format */
  async checkFormat(): Promise<void> {
    const stored = await this.#ofMembers((_nodes, _types, format) => this.#redis.get(format));
    if (Number(stored ?? keyFormat) > keyFormat) throw tooNew(this.#namespace, String(stored));
  }

  async leave(node: string): Promise<void> {
    await this.#ofMembers((nodes) => this.#redis.zrem(nodes, node));
  }

  async members(): Promise<string[]> {
    const members = await this.#ofMembers((nodes) => this.#scripts.alive(nodes));
    return members.sort();
  }

  /** Actor types that nodes host, sorted; those of a node that left until its time is over. */
  async hostedTypes(): Promise<string[]> {
    const types = await this.#ofMembers((_nodes, hosted) => this.#scripts.alive(hosted));
    return types.sort();
  }

  async holder(shard: number): Promise<ShardHolder | undefined> {
    const [token, expiresInMs] = await this.#ofShard(shard, (own) => this.#scripts.holder(own));
    // Without an end it is no lease.
    if (token === null || expiresInMs <= 0) return undefined;
    const at = token.lastIndexOf('#');
    // An epoch is the time at which it was given, unless two were given at once.
    return { node: token.slice(0, at), token, heldSince: Number(token.slice(at + 1)), expiresInMs };
  }

  async acquire(shard: number, node: string, ttlMs: number): Promise<string | undefined> {
    const token = await this.#ofShard(shard, (own, epoch) => this.#scripts.acquire(own, epoch, node, ttlMs));
    return token ?? undefined;
  }

  renew(leases: readonly { shard: number; token: string }[], ttlMs: number): Promise<boolean>[] {
    return leases.map(async ({ shard, token }) => {
      return (await this.#ofShard(shard, (own) => this.#scripts.renew(own, token, ttlMs))) === 1;
    });
  }

  async release(shard: number, token: string): Promise<void> {
    await this.#ofShard(shard, (own) => this.#scripts.release(own, token));
  }

  #ofMembers<T>(work: (nodes: string, types: string, format: string) => Promise<T>): Promise<T> {
    const { nodes, types, format } = memberKeys(this.#namespace);
    return this.#foreign.healed(
      () => ({ [nodes]: 'zset', [types]: 'zset', [format]: 'string' }),
      () => work(nodes, types, format),
    );
  }

  #ofShard<T>(shard: number, work: (own: string, epoch: string) => Promise<T>): Promise<T> {
    const [own, epoch] = [leaseKey(this.#namespace, shard), epochKey(this.#namespace, shard)];
    return this.#foreign.healed(
      () => ({ [own]: 'string', [epoch]: 'string' }),
      () => work(own, epoch),
    );
  }
}

const tooNew = (namespace: string, stored: string) =>
  new ActorError(
    'unavailable',
    `the keys of '${namespace}' in Redis have format ${stored}, of a newer release; this one knows ${keyFormat}`,
  );
