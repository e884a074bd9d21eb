import { createRequire } from 'node:module';

/*
 * The three scripts that a message costs. A mailbox is a BullMQ queue to every tool that knows BullMQ: the same
 * keys, the same fields. What actors do all day (add at the back, take from the front, end well) is written out
 * here on that layout, because BullMQ's own scripts keep much beside it that no actor has: events, markers,
 * parents, limits. For everything else (a dead letter; a queue that somebody paused, prioritised, delayed or
 * retried by hand) the text of BullMQ's own scripts runs, taken from the installed package.
 *
 * The token '0' tells BullMQ to keep no lock per job: the lease of the shard is the lock.
 */

interface BullMqScript {
  readonly content: string;
}
const require = createRequire(import.meta.url);
const bullmq = require('bullmq/dist/cjs/scripts/index.js') as Record<
  'moveToActive' | 'moveToFinished',
  BullMqScript
>;

const asFunction = (name: keyof typeof bullmq) =>
  `local function ${name}(KEYS, ARGV)\n${bullmq[name].content}\nend\n`;

/**
 * KEYS[1] = `<prefix>:own`, which also routes the script; all other keys share its hash tag. Every call costs:
 * what can be asked of several keys at once is.
 *
 * Neither `meta` nor `events` means that nobody but the runtime has touched this queue: BullMQ's scripts write
 * them first.
 */
const preamble = `
local call = redis.call
local prefix, actor, now = ARGV[1], ARGV[2], ARGV[3]
local q = prefix .. ':' .. actor .. ':'
local wait, active, meta, events = q .. 'wait', q .. 'active', q .. 'meta', q .. 'events'
local live = prefix .. ':live'
`;

const leaseCheck = `
if call('GET', KEYS[1]) ~= ARGV[4] then return redis.error_reply('FENCED') end
`;

/** Takes up to `max` messages; an actor with none left leaves the live list and costs Redis nothing. */
const takeNext = `
local function takeOurs(max, taken)
  local ids = call('RPOP', wait, max)
  if not ids then return end
  local present = {}
  for _, id in ipairs(ids) do
    local job = call('HMGET', q .. id, 'data', 'ats')
    -- Else somebody removed it by hand.
    if job[1] then
      call('HSET', q .. id, 'processedOn', now, 'ats', (tonumber(job[2]) or 0) + 1)
      present[#present + 1] = id
      taken[#taken + 1] = id
      taken[#taken + 1] = job[1]
    end
  end
  if #present > 0 then call('LPUSH', active, unpack(present)) end
end

local function takeByBullMq(max, taken)
  local keys = {wait, active, q .. 'prioritized', events, q .. 'stalled', q .. 'limiter', q .. 'delayed',
    q .. 'paused', meta, q .. 'pc', q .. 'marker'}
  local args = {q, now, cmsgpack.pack({token = '0'})}
  for _ = 1, max do
    local next = moveToActive(keys, args)
    local fields = next[1]
    if type(fields) ~= 'table' then return end
    for i = 1, #fields, 2 do
      if fields[i] == 'data' then
        taken[#taken + 1] = next[2]
        taken[#taken + 1] = fields[i + 1]
      end
    end
  end
end

local function takeNext(ours, max, busy)
  local taken = {}
  if max > 0 then
    if ours then takeOurs(max, taken) else takeByBullMq(max, taken) end
  end
  if #taken > 0 or call('EXISTS', wait, active) > 0 then return taken end
  if busy ~= '1' then call('ZREM', live, actor) end
  if not ours and call('EXISTS', q .. 'failed', q .. 'delayed', q .. 'prioritized', q .. 'completed') == 0 then
    call('DEL', q .. 'id', q .. 'marker', meta, events)
  end
  return taken
end
`;

/**
 * ARGV: prefix, actor, now, jobId, message name, data, mailbox limit, bell length, most bytes that a ring carries.
 * Returns 1 when added, 0 when the id already waits, -1 when the mailbox is full.
 *
 * To an idle actor the message travels in the ring, already taken on behalf of the shard's owner: that spares
 * the owner a script. The ring names the lease that it was taken under; to anybody else it is a mere hint.
 */
export const sendScript = `
${preamble}
local bell = prefix .. ':bell'
local jobId, data = ARGV[4], ARGV[6]
local job = q .. jobId
local function store()
  call('HSET', job, 'name', ARGV[5], 'data', data, 'opts', '{}', 'timestamp', now, 'delay', '0', 'priority', '0')
  call('LPUSH', wait, jobId)
  return 1
end
local untouched = call('EXISTS', job, wait, active, meta, events) == 0
local waiting = 0
if not untouched then
  if call('EXISTS', job) == 1 then
    -- Sent again, a dead letter gets another chance: its id must not swallow the message.
    if call('ZREM', q .. 'failed', jobId) == 0 then
      -- Asked again, it is waited for until a later time.
      call('HSET', job, 'data', data)
      return 0
    end
    call('DEL', job)
  end
  waiting = call('LLEN', wait)
  if waiting >= tonumber(ARGV[7]) then return -1 end
  if call('EXISTS', active) == 1 then return store() end
end
call('ZADD', live, 'NX', now, actor)
if waiting > 0 then return store() end
local owner = untouched and #data <= tonumber(ARGV[9]) and call('GET', KEYS[1])
if not owner then
  call('XADD', bell, 'MAXLEN', '~', ARGV[8], '*', 'a', actor)
  return store()
end
call('HSET', job, 'name', ARGV[5], 'data', data, 'opts', '{}', 'timestamp', now, 'delay', '0', 'priority', '0',
  'processedOn', now, 'ats', '1')
call('LPUSH', active, jobId)
call('XADD', bell, 'MAXLEN', '~', ARGV[8], '*', 'a', actor, 't', owner, 'j', jobId, 'd', data)
return 1
`;

/**
 * ARGV: prefix, actor, now, lease token, max, busy. Returns {id of the last ring, jobId, data, …}: what rings up
 * to this one carried was in the mailbox when this ran, so it has been taken here or was ended before.
 */
export const takeScript = `
${asFunction('moveToActive')}
${preamble}
${leaseCheck}
${takeNext}
local left = call('LPOP', active)
while left do
  call('RPUSH', wait, left)
  left = call('LPOP', active)
end
local taken = takeNext(call('EXISTS', meta, events) == 0, tonumber(ARGV[5]), ARGV[6])
-- A job that somebody put back by hand is not listed: from here on a crash must not forget it.
if #taken > 0 then call('ZADD', live, 'NX', now, actor) end
local last = call('XREVRANGE', prefix .. ':bell', '+', '-', 'COUNT', 1)[1]
table.insert(taken, 1, last and last[1] or '0-0')
return taken
`;

/**
 * ARGV: prefix, actor, now, lease token, max, busy, dead letters kept, then for each message: jobId, reason of
 * failure or ''. Returns {jobId, data, …}.
 */
export const finishScript = `
${asFunction('moveToActive')}
${asFunction('moveToFinished')}
${preamble}
${leaseCheck}
${takeNext}
local function fail(jobId, reason)
  -- Nobody listens to the events of an actor; without a limit BullMQ would keep 10,000.
  local own = call('HSETNX', meta, 'opts.maxLenEvents', 0) == 1 and call('HLEN', meta) == 1
  local options = {token = '0', keepJobs = {count = tonumber(ARGV[7])}, attempts = 0, maxMetricsSize = ''}
  moveToFinished(
    {wait, active, q .. 'prioritized', events, q .. 'stalled', q .. 'limiter', q .. 'delayed',
      q .. 'paused', meta, q .. 'pc', q .. 'failed', q .. jobId, q .. 'metrics:failed', q .. 'marker'},
    {jobId, now, 'failedReason', reason, 'failed', '0', q, cmsgpack.pack(options)})
  if own then call('DEL', meta, events) end
end
local done = {}
for i = 8, #ARGV, 2 do
  local jobId, reason = ARGV[i], ARGV[i + 1]
  if reason ~= '' then
    fail(jobId, reason)
  elseif call('LREM', active, -1, jobId) == 1 then
    -- Else it is not in hand: another delivery has ended it, or it waits for the next.
    done[#done + 1] = q .. jobId
    done[#done + 1] = q .. jobId .. ':logs'
  end
end
if #done > 0 then call('DEL', unpack(done)) end
local touched = call('EXISTS', active, meta, events) > 0
-- What is in hand and did not come from here is on its way in a ring, and goes first.
if touched and call('EXISTS', active) == 1 then return {} end
return takeNext(not touched, tonumber(ARGV[5]), ARGV[6])
`;
