import { liveSince, preamble } from './bullmq-scripts.ts';

/*
 * A dead letter is a failed job of its actor's queue, as BullMQ keeps it; the sorted set `dead` lists those of a shard.
 */

/** ARGV: prefix, actor, now, jobId, then names of fields of the job. Returns those and when it failed, or false. */
export const readDeadLetterScript = `
${preamble}
local at, fields = call('ZSCORE', q .. 'failed', ARGV[4]), {}
for i = 5, #ARGV do fields[#fields + 1] = ARGV[i] end
local job = q .. ARGV[4]
if not at or call('TYPE', job).ok ~= 'hash' then
  -- Retried or removed by hand.
  call('ZREM', dead, actor .. ':' .. ARGV[4])
  return false
end
local found = call('HMGET', job, unpack(fields))
for i = 1, #fields do found[i] = found[i] or '' end
found[#found + 1] = at
return found
`;

/**
 * ARGV: prefix, actor, now, jobId, data, mailbox limit, wake-ups kept. Returns 1, 0 when there is no such dead letter,
 * -1 when the mailbox is full.
 */
export const replayScript = `
${preamble}
${liveSince}
local jobId = ARGV[4]
local job = q .. jobId
if not call('ZSCORE', q .. 'failed', jobId) then return 0 end
if call('LLEN', wait) >= tonumber(ARGV[6]) then return -1 end
call('ZREM', q .. 'failed', jobId)
call('ZREM', dead, actor .. ':' .. jobId)
-- As if it were new: the starts of one in quarantine do not count any more.
call('HDEL', job, 'ats', 'atm', 'begun', 'failedReason', 'stacktrace', 'state', 'processedOn', 'finishedOn')
call('HSET', job, 'data', ARGV[5])
call('LPUSH', wait, jobId)
call('ZADD', live, 'LT', liveSince(jobId), actor)
call('XADD', prefix .. ':bell', 'MAXLEN', '~', ARGV[7], '*', 'a', actor)
return 1
`;

/** ARGV: prefix, actor, now, jobId. Returns whether there was such a dead letter, as 1 or 0. */
export const discardScript = `
${preamble}
local jobId = ARGV[4]
call('ZREM', dead, actor .. ':' .. jobId)
if call('ZREM', q .. 'failed', jobId) == 0 then return 0 end
call('DEL', q .. jobId, q .. jobId .. ':logs')
return 1
`;
