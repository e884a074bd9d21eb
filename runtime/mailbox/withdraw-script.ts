import { preamble } from './bullmq-scripts.ts';

/**
 * ARGV: prefix, actor, now, jobId. Returns what became of the message: see `Withdrawal`. Its actor may stay listed as
 * live; the next owner finds nothing to do.
 */
export const withdrawScript = `
${preamble}
if call('PTTL', KEYS[1]) > 0 then return 'held' end
local jobId = ARGV[4]
local job = q .. jobId
local starts = tonumber(call('HGET', job, 'ats')) or 0
if call('LREM', wait, 0, jobId) + call('LREM', active, 0, jobId) == 0 then return 'gone' end
call('DEL', job, job .. ':logs')
return starts == 0 and 'untouched' or 'taken'
`;
