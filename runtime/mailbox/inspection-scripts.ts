import { preamble } from './bullmq-scripts.ts';

/*
 * What operators see of mailboxes. Nothing here walks the keys of Redis: the ready set, the dead letters and the parked
 * actors of a shard name the mailboxes that hold anything. What somebody put in the place of a list counts as none.
 */

const counts = `
local call = redis.call
local function count(command, key)
  local found = redis.pcall(command, key)
  return type(found) == 'number' and found or 0
end
local function waitingIn(q)
  return count('LLEN', q .. 'wait') + count('LLEN', q .. 'paused') + count('ZCARD', q .. 'prioritized')
end
-- When the first of those in hand and waiting was sent; nothing when there is none.
local function oldestIn(q)
  for _, list in ipairs({'active', 'wait', 'paused'}) do
    local id = redis.pcall('LINDEX', q .. list, -1)
    local at = type(id) == 'string' and redis.pcall('HGET', q .. id, 'timestamp')
    if type(at) == 'string' then return tonumber(at) end
  end
end
`;

/**
 * KEYS[1] = `own`. ARGV: prefix, now, beginning of the ids, state or '', order, limit, most looked at, position behind
 * which: at or '', mark. Returns 1 when there are more than were looked at, else 0, then id, at, mark, …
 */
export const findMailboxesScript = `
${counts}
local prefix, now, start, state, order = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local limit, most, afterAt, afterName = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local live, parked, dead = prefix .. ':live', prefix .. ':parked', prefix .. ':dead'

local seen, candidates, partial = {}, {}, 0
local function look(actor, since)
  if seen[actor] then return end
  if #candidates >= most then partial = 1 return end
  seen[actor] = {actor, since}
  candidates[#candidates + 1] = seen[actor]
end
local function lookAtLive(from, to)
  local found = call('ZRANGEBYSCORE', live, from, to, 'WITHSCORES', 'LIMIT', 0, most + 1)
  for i = 1, #found, 2 do look(found[i], math.floor(found[i + 1])) end
end
if state == '' or state == 'waiting' or state == 'active' or state == 'delayed' then lookAtLive('-inf', now) end
if state == '' or state == 'waiting' or state == 'parked' or state == 'delayed' then
  local found = call('HSCAN', parked, 0, 'COUNT', most)
  if found[1] ~= '0' then partial = 1 end
  for i = 1, #found[2], 2 do
    look(found[2][i], 0)
    -- When it is looked at again is not since when it waits.
    if seen[found[2][i]] then seen[found[2][i]][2] = 0 end
  end
end
if state == '' or state == 'failed' then
  local found = call('ZRANGE', dead, 0, most)
  if #found > most then partial = 1 end
  for _, member in ipairs(found) do look(string.match(member, '^[^:]*'), 0) end
end
if state == '' or state == 'delayed' then lookAtLive('(' .. ARGV[2], '+inf') end

-- Those alike: by since when they are live, then by a mark. How text compares depends on the language of the server, but
-- for digits.
local function markOf(row)
  row.mark = row.mark or string.sub(redis.sha1hex(row.actor), 1, 12)
  return row.mark
end
local function isBefore(one, other)
  if one.at ~= other.at then return one.at < other.at end
  if one.since ~= other.since then return one.since < other.since end
  return markOf(one) < markOf(other)
end
local after = afterAt and {at = afterAt, since = tonumber(string.sub(afterName, 1, 13)), mark = string.sub(afterName, 14)}

local function depthOf(q, actor)
  if state == 'active' then return count('LLEN', q .. 'active') end
  if state == 'delayed' or state == 'failed' then return count('ZCARD', q .. state) end
  if state == 'parked' then return call('HEXISTS', parked, actor) end
  -- Seldom there is anything else where something waits: it costs as much again to ask.
  local depth = count('LLEN', q .. 'wait')
  if depth == 0 and state == '' then depth = count('LLEN', q .. 'active') end
  return depth > 0 and depth or waitingIn(q)
end
local function holdsAny(q, actor)
  return count('ZCARD', q .. 'failed') + count('ZCARD', q .. 'delayed') + call('HEXISTS', parked, actor) > 0
end
local function firstOf(set, perMs)
  local first = redis.pcall('ZRANGE', set, 0, 0, 'WITHSCORES')
  return first[2] and math.floor(first[2] / perMs)
end
local function firstAt(q, actor)
  if state == 'failed' then return firstOf(q .. 'failed', 1) end
  if state == 'delayed' then return firstOf(q .. 'delayed', 0x1000) end
  if state == 'parked' then
    return tonumber(string.match(call('HGET', parked, actor) or '', '"at":(%d+)'))
  end
  return oldestIn(q)
end

local rows = {}
local function keep(row)
  if (after and not isBefore(after, row)) or (rows[limit] and not isBefore(row, rows[limit])) then return end
  local i = math.min(#rows + 1, limit)
  while i > 1 and isBefore(row, rows[i - 1]) do
    rows[i] = rows[i - 1]
    i = i - 1
  end
  rows[i] = row
end
local function eventsOf(actor) return prefix .. ':' .. actor .. ':events' end
-- Of a live actor no message came before it went live; one that was delayed came when it was due. So those that went live
-- after the last that is kept came are not looked into: of many that wait, few are. Since when an actor is live says
-- nothing where BullMQ's tools were at work, as where somebody has paused its queue: they leave events.
local ofMessages = order == 'oldest' and (state == '' or state == 'waiting' or state == 'active')
local function isTooYoung(since) return ofMessages and rows[limit] and math.min(since, now) > rows[limit].at end
local function atOf(q, actor, depth, since)
  if order == 'deepest' then return -depth end
  local first = firstAt(q, actor) or now
  return ofMessages and call('EXISTS', eventsOf(actor)) == 0 and math.max(first, math.min(since, now)) or first
end
local function lookInto(candidate)
  local actor, since = candidate[1], candidate[2]
  local q = prefix .. ':' .. actor .. ':'
  local depth = depthOf(q, actor)
  if depth > 0 or (state == '' and holdsAny(q, actor)) then
    keep({actor = actor, at = atOf(q, actor, depth, since), since = since})
  end
end
local young = {}
for _, candidate in ipairs(candidates) do
  if string.sub(candidate[1], 1, #start) == start then
    if isTooYoung(candidate[2]) then young[#young + 1] = candidate else lookInto(candidate) end
  end
end
-- Asked of many at once: it is seldom true of any.
local together = 50
for from = 1, #young, together do
  local keys, to = {}, math.min(from + together - 1, #young)
  for i = from, to do keys[i - from + 1] = eventsOf(young[i][1]) end
  if call('EXISTS', unpack(keys)) > 0 then
    for i = from, to do lookInto(young[i]) end
  end
end
local found = {partial}
for _, row in ipairs(rows) do
  found[#found + 1] = row.actor
  found[#found + 1] = string.format('%.0f', row.at)
  found[#found + 1] = string.format('%013.0f', row.since) .. markOf(row)
end
return found
`;

/**
 * ARGV: prefix, actor, now. Returns how many wait, are in hand, delayed and failed, when the first was sent or '', and
 * why the actor is parked, as JSON, or ''.
 */
export const mailboxContentsScript = `
${preamble}
${counts}
local oldest = oldestIn(q)
return {waitingIn(q), count('LLEN', active), count('ZCARD', delayed), count('ZCARD', q .. 'failed'),
  oldest and string.format('%.0f', oldest) or '', call('HGET', parked, actor) or ''}
`;

const describe = `
local function describe(rows, state, jobId, at, most)
  local job = q .. jobId
  local fields = redis.pcall('HMGET', job, 'name', 'data', 'timestamp', 'ats', 'failedReason', 'atm')
  if fields.err or not fields[2] then return end
  rows[#rows + 1] = {jobId, state, at or '', #fields[2], string.sub(fields[2], 1, most), fields[1] or '',
    fields[3] or '0', fields[4] or '0', fields[5] or '', fields[6] or '0'}
end
local function inTime(score) return string.format('%.0f', math.floor(score / 0x1000)) end
`;

/**
 * ARGV: prefix, actor, now, state, limit, most bytes of each envelope. Returns for each message: jobId, state, time or '',
 * bytes of the envelope, its beginning, name, sent at, starts, reason, attempts.
 */
export const readMessagesScript = `
${preamble}
${describe}
local state, limit, most = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local rows = {}
local function fromList(key)
  local ids = redis.pcall('LRANGE', key, -limit, -1)
  for i = #ids, 1, -1 do
    if #rows < limit then describe(rows, state, ids[i], nil, most) end
  end
end
local function fromSet(found, timeOf)
  for i = 1, #found, 2 do describe(rows, state, found[i], timeOf(found[i + 1]), most) end
end
if state == 'active' then fromList(active) end
if state == 'waiting' then
  fromList(wait)
  fromList(q .. 'paused')
  local ids = redis.pcall('ZRANGE', q .. 'prioritized', 0, limit - 1)
  for _, id in ipairs(ids) do
    if #rows < limit then describe(rows, state, id, nil, most) end
  end
end
if state == 'delayed' then fromSet(redis.pcall('ZRANGE', delayed, 0, limit - 1, 'WITHSCORES'), inTime) end
if state == 'failed' then
  fromSet(redis.pcall('ZREVRANGE', q .. 'failed', 0, limit - 1, 'WITHSCORES'), function(at) return at end)
end
return rows
`;

/** ARGV: prefix, actor, now, jobId. Returns the message as above, whole, or nothing. */
export const readMessageScript = `
${preamble}
${describe}
local jobId, rows = ARGV[4], {}
local most = 0x7fffffff
local function isIn(command, key) return type(redis.pcall(command, key, jobId)) == 'number' end
local function scoreIn(key)
  local score = redis.pcall('ZSCORE', key, jobId)
  return type(score) == 'string' and score
end
local dueAt, failedAt = scoreIn(delayed), scoreIn(q .. 'failed')
if isIn('LPOS', active) then describe(rows, 'active', jobId, nil, most)
elseif failedAt then describe(rows, 'failed', jobId, failedAt, most)
elseif dueAt then describe(rows, 'delayed', jobId, inTime(dueAt), most)
elseif isIn('LPOS', wait) or isIn('LPOS', q .. 'paused') or scoreIn(q .. 'prioritized') then
  describe(rows, 'waiting', jobId, nil, most)
end
return rows
`;
