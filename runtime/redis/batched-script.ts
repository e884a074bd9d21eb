import { Batcher } from '../flow/batcher.ts';
import { isRedisCluster, type RedisConnection } from './redis-connection.ts';
import { redisScript, type RedisScript, type ScriptArgument } from './redis-script.ts';

/** Redis does nothing else meanwhile. */
const maxBatch = 100;
const maxWaiting = 10_000;
const maxInFlight = 2;

/**
 * ARGV: for each call, how many follow for it, its key, its arguments. Returns a result for each call, which may be an
 * error: one that the script returns, or a key of another type. What else fails is a condition of the server, and fails
 * them all, so that the connection hears of it.
 */
const eachOf = (lua: string) => `
local function once(KEYS, ARGV)
${lua}
end
local results, at = {}, 1
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  local ok, result = pcall(once, {ARGV[at + 1]}, {unpack(ARGV, at + 2, last)})
  if not ok then
    if type(result) ~= 'table' then result = {err = result} end
    if not string.find(result.err, 'WRONGTYPE', 1, true) then return result end
  end
  if result == nil then result = false end
  results[#results + 1] = result
  at = last + 1
end
return results
`;

/**
 * A Lua script of one key, of which many calls of one moment go to Redis as one; each gets its own answer, or error. In a
 * Redis Cluster, where their keys lie in many places, each goes by itself.
 */
export function batchedScript<Reply>(redis: RedisConnection, name: string, lua: string): RedisScript<Reply> {
  if (isRedisCluster(redis)) return redisScript<Reply>(redis, 1, lua);
  const all = redisScript<(Reply | Error)[]>(redis, 0, eachOf(lua));
  const calls = new Batcher<readonly ScriptArgument[], Reply>({
    name,
    flush: async (batch) => {
      const given: ScriptArgument[] = [];
      for (const call of batch) given.push(call.length, ...call);
      const results = await all(...given);
      return results.map((result) =>
        result instanceof Error
          ? { status: 'rejected', reason: result }
          : { status: 'fulfilled', value: result },
      );
    },
    maxBatch,
    maxWaiting,
    maxInFlight,
  });
  return (...keyAndArguments) => calls.add(keyAndArguments);
}
