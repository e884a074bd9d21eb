import { createHash } from 'node:crypto';
import type { RedisConnection } from './redis-connection.ts';

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
  let isKnown = false;
  return (...keysAndArguments) => {
    // A pipeline that ioredis began to gather before does not know the name: it would leave this command out, and give
    // those behind it each other's answers.
    isKnown ||= redis.autoPipelineQueueSize === 0;
    if (isKnown) return command.apply(redis, keysAndArguments);
    return redis.eval(lua, numberOfKeys, ...keysAndArguments) as Promise<Reply>;
  };
}
