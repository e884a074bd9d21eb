import type { RedisConnection } from '../redis/redis-connection.ts';
import { redisScript } from '../redis/redis-script.ts';
import type { PartitionLag } from './event-log.ts';
import type { RedisStreamsTopic } from './redis-streams-topic.ts';

// Counting stops at a limit, since it reads: beyond it the whole partition is the bound.
const lagScript = `local lags = {}
for partition, stream in ipairs(KEYS) do
  if partition < #KEYS then
    local offset = redis.call('hget', KEYS[#KEYS], partition - 1) or '0-0'
    local behind = #redis.call('xrange', stream, '(' .. offset, '+', 'COUNT', ARGV[1])
    if behind == tonumber(ARGV[1]) then behind = redis.call('xlen', stream) end
    lags[partition] = behind
  end
end
return lags`;

const countLimit = 1_000;

/** Exact up to 1,000 records in a partition; beyond, all that the partition still holds. */
export async function lagOf(
  redis: RedisConnection,
  topic: RedisStreamsTopic,
  group: string,
): Promise<PartitionLag[]> {
  const keys = [...topic.streams, topic.offsets(group)];
  const behind = await redisScript<number[]>(redis, keys.length, lagScript)(...keys, countLimit);
  return behind.map((records, partition) => ({ partition, records }));
}
