/*
 * The least that keeps order per key, refuses a full mailbox, adds no id twice, lists what is live, wakes the
 * owner (the message travels in the wake-up), and checks the lease before anything ends: a list of ids and a hash
 * of messages for each key.
 */

const preamble = `
local prefix, actor = ARGV[1], ARGV[2]
local list, hash = prefix .. ':' .. actor .. ':l', prefix .. ':' .. actor .. ':h'
`;

/** ARGV: prefix, actor, now, id, data, limit, wake-ups kept. */
export const floorSend = `
${preamble}
if redis.call('LLEN', list) >= tonumber(ARGV[6]) then return -1 end
if redis.call('HSETNX', hash, ARGV[4], ARGV[5]) == 0 then return 0 end
if redis.call('RPUSH', list, ARGV[4]) == 1 then
  redis.call('ZADD', prefix .. ':live', ARGV[3], actor)
  redis.call('XADD', prefix .. ':bell', 'MAXLEN', '~', ARGV[7], '*', 'a', actor, 'd', ARGV[5])
end
return 1
`;

/** ARGV: prefix, actor, token, max, ids that are done. Returns the messages that come next. */
export const floorFinish = `
${preamble}
if redis.call('GET', KEYS[1]) ~= ARGV[3] then return redis.error_reply('FENCED') end
local done = #ARGV - 4
redis.call('LPOP', list, done)
redis.call('HDEL', hash, unpack(ARGV, 5))
local ids = redis.call('LRANGE', list, 0, tonumber(ARGV[4]) - 1)
if #ids == 0 then
  redis.call('ZREM', prefix .. ':live', actor)
  return ids
end
return redis.call('HMGET', hash, unpack(ids))
`;
