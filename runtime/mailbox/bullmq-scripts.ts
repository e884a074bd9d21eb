import { createRequire } from 'node:module';

/**
 * The three scripts that a message costs. They run the text of BullMQ's own scripts, taken from the installed
 * package, so a mailbox is a BullMQ queue to every tool that knows BullMQ; around it they add what an actor
 * needs and a queue does not have: the check of the lease, the list of live actors, the doorbell.
 *
 * The token '0' tells BullMQ to keep no lock per job: the lease of the shard is the lock.
 */

interface BullMqScript {
  readonly content: string;
}
const require = createRequire(import.meta.url);
const bullmq = require('bullmq/dist/cjs/scripts/index.js') as Record<
  'addStandardJob' | 'moveToActive' | 'moveToFinished',
  BullMqScript
>;

const asFunction = (name: keyof typeof bullmq) =>
  `local function ${name}(KEYS, ARGV)\n${bullmq[name].content}\nend\n`;

// KEYS[1] = `<prefix>:own`, which also routes the script; all other keys share its hash tag.
const preamble = `
local prefix, actor = ARGV[1], ARGV[2]
local q = prefix .. ':' .. actor .. ':'
local live = prefix .. ':live'
local now = ARGV[3]
`;

const leaseCheck = `
if redis.call('GET', KEYS[1]) ~= ARGV[4] then return redis.error_reply('FENCED') end
`;

/** Takes up to ARGV[5] messages; an actor with none left leaves the live list and costs Redis nothing. */
const takeNext = `
local function takeNext(max, busy)
  local taken = {}
  local keys = {q .. 'wait', q .. 'active', q .. 'prioritized', q .. 'events', q .. 'stalled', q .. 'limiter',
    q .. 'delayed', q .. 'paused', q .. 'meta', q .. 'pc', q .. 'marker'}
  local args = {q, now, cmsgpack.pack({token = '0'})}
  for _ = 1, max do
    local next = moveToActive(keys, args)
    local fields = next[1]
    if type(fields) ~= 'table' then break end
    for i = 1, #fields, 2 do
      if fields[i] == 'data' then
        taken[#taken + 1] = next[2]
        taken[#taken + 1] = fields[i + 1]
      end
    end
  end
  if #taken == 0 and redis.call('LLEN', q .. 'wait') == 0 and redis.call('LLEN', q .. 'active') == 0 then
    if busy ~= '1' then redis.call('ZREM', live, actor) end
    if redis.call('EXISTS', q .. 'failed', q .. 'delayed', q .. 'prioritized', q .. 'completed') == 0 then
      redis.call('DEL', q .. 'id', q .. 'marker', q .. 'meta', q .. 'events')
    end
  end
  return taken
end
`;

/**
 * ARGV: prefix, actor, now, jobId, message name, data, options (msgpack), mailbox limit, bell length.
 * Returns 1 when added, 0 when the id already waits, -1 when the mailbox is full.
 */
export const sendScript = `
${asFunction('addStandardJob')}
${preamble}
local jobId = ARGV[4]
if redis.call('EXISTS', q .. jobId) == 1 then
  -- Sent again, a dead letter gets another chance: its id must not swallow the message.
  if redis.call('ZREM', q .. 'failed', jobId) == 0 then return 0 end
  redis.call('DEL', q .. jobId)
end
local waiting = redis.call('LLEN', q .. 'wait')
if waiting >= tonumber(ARGV[8]) then return -1 end
if waiting == 0 then redis.call('HSETNX', q .. 'meta', 'opts.maxLenEvents', 0) end
addStandardJob(
  {q .. 'wait', q .. 'paused', q .. 'meta', q .. 'id', q .. 'completed', q .. 'delayed', q .. 'active',
    q .. 'events', q .. 'marker'},
  {cmsgpack.pack({q, jobId, ARGV[5], tonumber(now)}), ARGV[6], ARGV[7]})
redis.call('ZADD', live, 'NX', now, actor)
if waiting == 0 and redis.call('LLEN', q .. 'active') == 0 then
  redis.call('XADD', prefix .. ':bell', 'MAXLEN', '~', ARGV[9], '*', 'a', actor)
end
return 1
`;

/** ARGV: prefix, actor, now, lease token, max, busy. Returns {jobId, data, …}. */
export const takeScript = `
${asFunction('moveToActive')}
${preamble}
${leaseCheck}
${takeNext}
local left = redis.call('LPOP', q .. 'active')
while left do
  redis.call('RPUSH', q .. 'wait', left)
  left = redis.call('LPOP', q .. 'active')
end
return takeNext(tonumber(ARGV[5]), ARGV[6])
`;

/**
 * ARGV: prefix, actor, now, lease token, max, busy, options of a completed job, of a failed one (msgpack), then
 * for each message: jobId, reason of failure or ''. Returns as *take*.
 */
export const finishScript = `
${asFunction('moveToActive')}
${asFunction('moveToFinished')}
${preamble}
${leaseCheck}
${takeNext}
for i = 9, #ARGV, 2 do
  local jobId, reason = ARGV[i], ARGV[i + 1]
  local target, field, value, opts = 'completed', 'returnvalue', 'null', ARGV[7]
  if reason ~= '' then target, field, value, opts = 'failed', 'failedReason', reason, ARGV[8] end
  moveToFinished(
    {q .. 'wait', q .. 'active', q .. 'prioritized', q .. 'events', q .. 'stalled', q .. 'limiter', q .. 'delayed',
      q .. 'paused', q .. 'meta', q .. 'pc', q .. target, q .. jobId, q .. 'metrics:' .. target, q .. 'marker'},
    {jobId, now, field, value, target, '0', q, opts})
end
return takeNext(tonumber(ARGV[5]), ARGV[6])
`;
