import type { Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { ForeignKeys } from '../redis/foreign-keys.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { RedisScript, ScriptArgument } from '../redis/redis-script.ts';
import type { ActorAddress } from './address.ts';
import { leaseKey, queueKeyTypes, shardKeyTypes, shardPrefix } from './redis-keys.ts';

export interface ActorScriptsOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  /** First part of every key; the shard's hash tag is `{<namespace>-<shard>}`. */
  readonly namespace: string;
}

/** Runs scripts on the keys of one actor, and removes what others have put in their place. */
export class ActorScripts {
  readonly #clock: Clock;
  readonly #namespace: string;
  readonly #foreign: ForeignKeys;

  constructor(options: ActorScriptsOptions) {
    this.#clock = options.clock;
    this.#namespace = options.namespace;
    this.#foreign = new ForeignKeys(options);
  }

  run<R>(script: RedisScript<R>, of: ActorAddress, ...given: readonly ScriptArgument[]): Promise<R> {
    const prefix = shardPrefix(this.#namespace, of.shard);
    const own = leaseKey(this.#namespace, of.shard);
    return this.healed(of.shard, () => script(own, prefix, of.id, this.#clock.now(), ...given), of.id);
  }

  healed<T>(shard: number, work: () => Promise<T>, actorId?: string): Promise<T> {
    const ofActor = () =>
      actorId === undefined ? {} : queueKeyTypes(shardPrefix(this.#namespace, shard), actorId);
    return this.#foreign.healed(() => ({ ...shardKeyTypes(this.#namespace, shard), ...ofActor() }), work);
  }
}
