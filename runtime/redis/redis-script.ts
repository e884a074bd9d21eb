import { createHash } from 'node:crypto';
import { isRedisCluster, type RedisConnection } from './redis-connection.ts';

export type ScriptArgument = string | number;
export type RedisScript<Reply> = (...keysAndArguments: ScriptArgument[]) => Promise<Reply>;

/**
 * A Lua script as a function that runs it over a connection. A connection has one list of commands for all who use
 * it, and of two scripts under one name the later would run for both: so a script is named by what it says.
 */
export function redisScript<Reply>(
  redis: RedisConnection,
  numberOfKeys: number,
  lua: string,
): RedisScript<Reply> {
  const name = `script:${createHash('sha1').update(`${numberOfKeys} ${lua}`).digest('hex')}`;
  redis.defineCommand(name, { numberOfKeys, lua });
  const command = Reflect.get(redis, name) as RedisScript<Reply>;
  // A pipeline that ioredis began to gather before does not know the name: it would leave the command out, and give
  // those behind it each other's answers. One that is begun from now on knows it.
  let isKnown = redis.autoPipelineQueueSize === 0;
  return (...keysAndArguments) => {
    isKnown ||= redis.autoPipelineQueueSize === 0;
    if (isKnown) return command.apply(redis, keysAndArguments);
    const answered = redis.eval(lua, numberOfKeys, ...keysAndArguments) as Promise<Reply>;
    // Where all commands share one pipeline, the old one is gone with this answer. A busy connection may never be quiet.
    if (isRedisCluster(redis)) return answered;
    return answered.finally(() => (isKnown = true));
  };
}
