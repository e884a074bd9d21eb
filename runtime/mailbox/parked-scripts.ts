import { fail, leaseCheck, liveSince, pausedRecheckMs, preamble, putBack } from './bullmq-scripts.ts';

/*
 * An actor is parked by pausing its queue, so that whoever looks with BullMQ's tools sees it, and can resume it
 * there. The hash `parked` tells why.
 */

/** ARGV: prefix, actor, now, lease token, jobId or '', why as JSON. */
export const parkScript = `
${preamble}
${leaseCheck}
${putBack}
putBack()
-- A reply that was lost leaves this to be done again; the message may be gone by then.
if ARGV[5] ~= '' and call('EXISTS', q .. ARGV[5]) == 0 then return 0 end
call('HSET', meta, 'paused', 1)
call('HSET', parked, actor, ARGV[6])
call('ZADD', live, now + ${pausedRecheckMs}, actor)
return 1
`;

/**
 * ARGV: prefix, actor, now, wake-ups kept, dead letters kept, jobId and failure of the message to give up, or ''.
 * Returns 1, or 0 when the actor is not parked.
 */
export const releaseScript = `
${preamble}
${fail}
${liveSince}
if call('HDEL', parked, actor) == 0 then return 0 end
call('HDEL', meta, 'paused')
local jobId = ARGV[6]
if jobId ~= '' and call('LREM', wait, -1, jobId) == 1 then
  call('LPUSH', active, jobId)
  fail(jobId, ARGV[7], tonumber(ARGV[5]))
end
call('ZADD', live, liveSince(call('LINDEX', wait, -1)), actor)
call('XADD', prefix .. ':bell', 'MAXLEN', '~', ARGV[4], '*', 'a', actor)
return 1
`;

/** ARGV: prefix, actor, now, lease token, jobId. Returns how often the start was noted. */
export const noteStartScript = `
${preamble}
${leaseCheck}
local job = q .. ARGV[5]
-- Else it was removed by hand meanwhile.
if call('EXISTS', job) == 0 then return 1 end
return call('HINCRBY', job, 'begun', 1)
`;
