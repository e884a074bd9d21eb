import { createRequire } from 'node:module';

/*
 * The three scripts that a message costs. A mailbox is a BullMQ queue to every tool that knows BullMQ: the same
 * keys, the same fields. What actors do all day (add at the back, take from the front, end well) is written out
 * here on that layout, because BullMQ's own scripts keep much beside it that no actor has: events, markers,
 * parents, limits. For everything else (a dead letter; a queue that somebody paused, prioritised or retried by
 * hand) the text of BullMQ's own scripts runs, taken from the installed package.
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
 * them first. `live` holds each actor that has something to do, by when that is: up to now, or later. `dead` lists what
 * the queues of the shard hold in `failed`, by when it failed; what is retried or removed by hand stays in it until
 * somebody looks.
 */
export const preamble = `
local call = redis.call
local prefix, actor, now = ARGV[1], ARGV[2], ARGV[3]
local q = prefix .. ':' .. actor .. ':'
local wait, active, meta, events, delayed = q .. 'wait', q .. 'active', q .. 'meta', q .. 'events', q .. 'delayed'
local live, parked, dead = prefix .. ':live', prefix .. ':parked', prefix .. ':dead'
`;

export const leaseCheck = `
if call('GET', KEYS[1]) ~= ARGV[4] then return redis.error_reply('FENCED') end
`;

/** Puts what is in hand back in front of what waits. */
export const putBack = `
local function putBack()
  local left = call('LPOP', active)
  while left do
    call('RPUSH', wait, left)
    left = call('LPOP', active)
  end
end
`;

/** Since when an actor is live for a message that was sent a while ago, or now where there is none. */
export const liveSince = `
local function liveSince(jobId)
  local sentAt = jobId and redis.pcall('HGET', q .. jobId, 'timestamp')
  return string.format('%.0f', math.min(tonumber(sentAt) or now, now))
end
`;

/** Dead letters kept for one actor; the oldest go first. */
export const maxDeadLetters = 100;
/** Wake-up entries kept; a reader that falls behind is helped by the sweep. */
export const wakeUpsKept = 1000;

/** A queue that takes nothing for now is looked at again after this time. */
export const pausedRecheckMs = 5_000;

/**
 * An actor with no message left is live again when its first delayed message or `wakeAt` comes; without either it costs
 * Redis nothing. `some` is 0 when there is neither `meta` nor `events` nor `delayed`.
 */
const listing = `
local function isOurs(some) return some == 0 or call('EXISTS', meta, events) == 0 end

local function promoteDue()
  local due = call('ZRANGEBYSCORE', delayed, 0, (now + 1) * 0x1000 - 1, 'LIMIT', 0, 1000)
  if #due == 0 then return end
  call('ZREM', delayed, unpack(due))
  for _, id in ipairs(due) do
    call('HSET', q .. id, 'delay', '0')
    call('LPUSH', wait, id)
  end
end

local function list(wakeAt, some, ours)
  local first = some > 0 and call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
  local due = math.min(tonumber(wakeAt) or math.huge, first and math.floor(first / 0x1000) or math.huge)
  if due == math.huge then
    call('ZREM', live, actor)
  elseif due <= tonumber(now) then
    call('ZADD', live, 'LT', now, actor)
  else
    call('ZADD', live, string.format('%.0f', due), actor)
  end
  if not ours and call('EXISTS', q .. 'failed', delayed, q .. 'prioritized', q .. 'completed') == 0
    and call('HEXISTS', meta, 'paused') == 0 then
    call('DEL', q .. 'id', q .. 'marker', meta, events)
  end
end
`;

/** Takes up to `max` messages, as jobId, data, starts, …; nothing may be in hand. */
const takeNext = `
${listing}
-- Returns whether nothing waits any more.
local function takeOurs(max, taken)
  local ids = call('RPOP', wait, max)
  if not ids then return true end
  local present = {}
  for _, id in ipairs(ids) do
    local job = redis.pcall('HMGET', q .. id, 'data', 'ats')
    if job.err then call('DEL', q .. id) end
    -- Else somebody removed it by hand, or put something else in its place.
    if job[1] then
      local starts = (tonumber(job[2]) or 0) + 1
      call('HSET', q .. id, 'processedOn', now, 'ats', starts)
      present[#present + 1] = id
      taken[#taken + 1] = id
      taken[#taken + 1] = job[1]
      taken[#taken + 1] = tostring(starts)
    end
  end
  if #present > 0 then call('LPUSH', active, unpack(present)) end
end

local function takeByBullMq(max, taken)
  local keys = {wait, active, q .. 'prioritized', events, q .. 'stalled', q .. 'limiter', delayed,
    q .. 'paused', meta, q .. 'pc', q .. 'marker'}
  local args = {q, now, cmsgpack.pack({token = '0'})}
  for _ = 1, max do
    local next = moveToActive(keys, args)
    local fields = next[1]
    if type(fields) ~= 'table' then return end
    local data, starts
    for i = 1, #fields, 2 do
      if fields[i] == 'data' then data = fields[i + 1] end
      if fields[i] == 'ats' then starts = fields[i + 1] end
    end
    if data then
      call('ZREM', dead, actor .. ':' .. next[2])
      taken[#taken + 1] = next[2]
      taken[#taken + 1] = data
      taken[#taken + 1] = starts
    end
  end
end

local function takeNext(max, wakeAt, some)
  local taken, drained = {}, false
  local ours = isOurs(some)
  if some > 0 and ours then promoteDue() end
  if max > 0 then
    if ours then drained = takeOurs(max, taken) else takeByBullMq(max, taken) end
  end
  if #taken > 0 then return taken end
  if not drained and call('EXISTS', wait, active) > 0 then
    if max > 0 and not ours then call('ZADD', live, 'XX', now + ${pausedRecheckMs}, actor) end
    return taken
  end
  list(wakeAt, some, ours)
  return taken
end
`;

/**
 * KEYS[1] = `live`. ARGV: now, limit, `bell`. By the clock, or by the last wake-up where the clock has been set back
 * since: ids of entries never go back.
 */
export const readyScript = `
local last = redis.call('XREVRANGE', ARGV[3], '+', '-', 'COUNT', 1)[1]
local rung = last and tonumber(string.match(last[1], '^%d+')) or 0
local now = string.format('%.0f', math.max(tonumber(ARGV[1]), rung))
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
`;

/** KEYS[1] = `live`. ARGV: prefix, now, most actors. What is no list has no length that counts. */
export const loadScript = `
local actors, messages, deepest = 0, 0, 0
local function length(key)
  local found = redis.pcall('LLEN', key)
  return type(found) == 'number' and found or 0
end
for _, actor in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])) do
  local q = ARGV[1] .. ':' .. actor .. ':'
  local depth = length(q .. 'wait') + length(q .. 'active')
  if depth > 0 then actors = actors + 1 end
  messages = messages + depth
  deepest = math.max(deepest, depth)
end
return {actors, messages, deepest, redis.call('HLEN', ARGV[1] .. ':parked')}
`;

/**
 * Makes a dead letter of a message in hand. A failure is JSON: reason, attempts, and as text in it causes and state, as
 * BullMQ's own tools show them.
 */
export const fail = `
${asFunction('moveToFinished')}
local function fail(jobId, failure, kept)
  failure = cjson.decode(failure)
  local failed, job = q .. 'failed', q .. jobId
  -- BullMQ removes them.
  for _, oldest in ipairs(call('ZREVRANGE', failed, kept - 1, -1)) do call('ZREM', dead, actor .. ':' .. oldest) end
  -- Nobody listens to the events of an actor; without a limit BullMQ would keep 10,000.
  local own = call('HSETNX', meta, 'opts.maxLenEvents', 0) == 1 and call('HLEN', meta) == 1
  local options = {token = '0', keepJobs = {count = kept}, attempts = 0, maxMetricsSize = ''}
  moveToFinished(
    {wait, active, q .. 'prioritized', events, q .. 'stalled', q .. 'limiter', delayed,
      q .. 'paused', meta, q .. 'pc', failed, job, q .. 'metrics:failed', q .. 'marker'},
    {jobId, now, 'failedReason', failure.reason, 'failed', '0', q, cmsgpack.pack(options)})
  if call('ZSCORE', failed, jobId) then
    call('ZADD', dead, now, actor .. ':' .. jobId)
    call('HSET', job, 'atm', string.format('%d', failure.attempts), 'stacktrace', failure.causes)
    if failure.state ~= '' then call('HSET', job, 'state', failure.state) end
  end
  if own then call('DEL', meta, events) end
end
`;

/**
 * ARGV: prefix, actor, now, jobId, message name, data, mailbox limit, wake-ups kept, most bytes that a wake-up carries,
 * '1' for an ask, not before or ''.
 * Returns 1 when added, 0 when the id already waits, -1 when the mailbox is full, -2 when an ask finds it paused.
 *
 * To an idle actor the message travels in the wake-up, already taken on behalf of the shard's owner: that spares
 * the owner a script. The wake-up names the lease that it was taken under; to anybody else it is a mere hint.
 */
export const sendScript = `
${preamble}
local bell = prefix .. ':bell'
local jobId, data, notBefore = ARGV[4], ARGV[6], tonumber(ARGV[11])
local job = q .. jobId
local known = false
local function write(delay, ...)
  -- Sent again, a dead letter gets another chance: its id must not swallow the message.
  if known then
    call('DEL', job)
    if call('ZREM', q .. 'failed', jobId) == 1 then call('ZREM', dead, actor .. ':' .. jobId) end
  end
  call('HSET', job, 'name', ARGV[5], 'data', data, 'opts', '{}', 'timestamp', now, 'delay', delay, 'priority', '0',
    ...)
end
local function isRefused() return ARGV[10] == '1' and call('HEXISTS', meta, 'paused') == 1 end
local function store()
  write('0')
  call('LPUSH', wait, jobId)
  return 1
end
-- Else its list is lost, or it is nothing of ours: its id must not swallow the message.
local function isListed()
  if call('TYPE', job).ok ~= 'hash' then return false end
  return call('LPOS', wait, jobId) or call('LPOS', active, jobId) or call('LPOS', q .. 'paused', jobId)
    or call('ZSCORE', delayed, jobId) or call('ZSCORE', q .. 'prioritized', jobId)
end
local untouched = call('EXISTS', job, wait, active, meta, events) == 0
local waiting = 0
if not untouched then
  known = call('EXISTS', job) == 1
  if known then
    if isRefused() then return -2 end
    if isListed() then
      -- Asked again, it is waited for until a later time.
      call('HSET', job, 'data', data)
      return 0
    end
  end
  waiting = call('LLEN', wait)
end
if notBefore then
  if waiting + call('ZCARD', delayed) >= tonumber(ARGV[7]) then return -1 end
  write(string.format('%.0f', notBefore - now))
  -- As BullMQ scores them: those of one millisecond in the order sent.
  local last = call('ZREVRANGEBYSCORE', delayed, (notBefore + 1) * 0x1000 - 1, notBefore * 0x1000, 'WITHSCORES',
    'LIMIT', 0, 1)[2]
  local score = last and math.min(last + 1, (notBefore + 1) * 0x1000 - 1) or notBefore * 0x1000
  call('ZADD', delayed, string.format('%.0f', score), jobId)
  call('ZADD', live, 'LT', string.format('%.0f', notBefore), actor)
  return 1
end
if waiting >= tonumber(ARGV[7]) then return -1 end
if not untouched then
  if call('LLEN', active) > 0 then return store() end
  if isRefused() then return -2 end
end
if waiting > 0 then
  call('ZADD', live, 'NX', now, actor)
  return store()
end
call('ZADD', live, 'LT', now, actor)
local owner = untouched and #data <= tonumber(ARGV[9]) and call('GET', KEYS[1])
if not owner then
  call('XADD', bell, 'MAXLEN', '~', ARGV[8], '*', 'a', actor)
  return store()
end
write('0', 'processedOn', now, 'ats', '1')
call('LPUSH', active, jobId)
call('XADD', bell, 'MAXLEN', '~', ARGV[8], '*', 'a', actor, 't', owner, 'j', jobId, 'd', data)
return 1
`;

/**
 * ARGV: prefix, actor, now, lease token, max, wakeAt or ''. Returns {id of the last wake-up, jobId, data, starts, …}, or
 * {} when the actor is parked: what the wake-ups up to this one inlined was in the mailbox when this ran, so it has been taken here or was ended before.
 */
export const claimScript = `
${asFunction('moveToActive')}
${preamble}
${leaseCheck}
${putBack}
${takeNext}
putBack()
local some = call('EXISTS', meta, events, delayed)
if some > 0 and call('HEXISTS', parked, actor) == 1 then
  if call('HEXISTS', meta, 'paused') == 1 then
    call('ZADD', live, now + ${pausedRecheckMs}, actor)
    return {}
  end
  -- It goes on although nobody of ours released it.
  call('HDEL', parked, actor)
end
local taken = takeNext(tonumber(ARGV[5]), ARGV[6], some)
-- A job that somebody put back by hand is not listed: from here on a crash must not forget it.
if #taken > 0 then call('ZADD', live, 'LT', now, actor) end
local last = call('XREVRANGE', prefix .. ':bell', '+', '-', 'COUNT', 1)[1]
table.insert(taken, 1, last and last[1] or '0-0')
return taken
`;

/**
 * ARGV: prefix, actor, now, lease token, and, to list an actor with an empty mailbox, wakeAt or ''. Returns how many of its
 * lists there are.
 */
export const lookScript = `
${preamble}
${leaseCheck}
${listing}
local lists = call('EXISTS', wait, active, delayed, meta, events)
if not ARGV[5] then return lists end
local some = lists > 0 and call('EXISTS', meta, events, delayed) or 0
local ours = isOurs(some)
if some > 0 and ours then promoteDue() end
if lists == 0 or call('EXISTS', wait, active) == 0 then list(ARGV[5], some, ours) end
return lists
`;

/**
 * ARGV: prefix, actor, now, lease token, max, wakeAt or '', dead letters kept, then for each message: jobId, failure or
 * ''. Returns {jobId, data, starts, …}.
 */
export const ackScript = `
${asFunction('moveToActive')}
${preamble}
${leaseCheck}
${takeNext}
${fail}
local done = {}
for i = 8, #ARGV, 2 do
  local jobId, failure = ARGV[i], ARGV[i + 1]
  if failure ~= '' then
    fail(jobId, failure, tonumber(ARGV[7]))
  elseif call('LREM', active, -1, jobId) == 1 then
    -- Else it is not in hand: another delivery has ended it, or it waits for the next.
    done[#done + 1] = q .. jobId
    done[#done + 1] = q .. jobId .. ':logs'
  end
end
if #done > 0 then call('DEL', unpack(done)) end
local some = call('EXISTS', active, meta, events, delayed)
-- What is in hand and did not come from here is on its way in a wake-up, and goes first.
if some > 0 and call('EXISTS', active) == 1 then return {} end
return takeNext(tonumber(ARGV[5]), ARGV[6], some)
`;
