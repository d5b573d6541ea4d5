"""The Lua scripts of the lock service: each runs in Redis as one atomic step.

*The epoch.* A Redis that restarts empty, or is emptied, has forgotten every lock. Whoever comes first finds no epoch and sets one
with Redis's own time. While it is younger than `lock.ttl` nothing new is taken: in that time every living holder renews, sees
another epoch than its lock's, and takes its lock again with the number it had. Of two that had it in the same old epoch the
higher number is the later one, and right.
"""

from __future__ import annotations

LOCK_VALUE_LIMIT = 4096
"""Bytes of a lock's value; ours have a few hundred."""
EPOCH = "evac:epoch"

_EPOCH = """
local function epoch(key, new)
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  local id, at = string.match(redis.call('GET', key) or '', '^(%x+) (%d+)$')
  if not id or tonumber(at) > now then
    id, at = id or new, now
    redis.call('SET', key, id .. ' ' .. string.format('%.0f', now))
  end
  return id, now - tonumber(at)
end
local function dated(body, id)
  return (string.gsub(body, '"epoch":"@"', '"epoch":"' .. id .. '"', 1))
end
"""
EPOCH_SCRIPT = _EPOCH + "local id, age = epoch(KEYS[1], ARGV[1]) return {id, age}"
"""KEYS epoch; ARGV an id for a new one. The epoch's id, and its age in milliseconds."""
TAKE = (
    _EPOCH
    + f"""
local id, age = epoch(KEYS[3], ARGV[5])
local found = redis.call('GET', KEYS[1])
if found and (ARGV[1] == '' or found ~= ARGV[1]) then
  return {{0, string.sub(found, 1, {LOCK_VALUE_LIMIT} + 1), redis.call('PTTL', KEYS[1])}}
end
if not found and age < tonumber(ARGV[3]) then return {{2, '', ARGV[3] - age}} end
local token = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
local value = token .. ' ' .. dated(ARGV[2], id)
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
return {{1, value, 0}}
"""
)
"""KEYS lock, fence, epoch; ARGV the value that may stand there (empty: none), the new body, milliseconds of the lock and of
the fence, an id for a new epoch. Answers 1: taken; 0: who has it; 2: nothing is taken for so many milliseconds."""
RENEW = (
    _EPOCH
    + f"""
local id, age = epoch(KEYS[3], ARGV[6])
local mine, old, young = tonumber(ARGV[4]), ARGV[5], age < tonumber(ARGV[3])
local found = redis.call('GET', KEYS[1])
local number, dates = ARGV[4], young and old or id
if found ~= ARGV[1] then
  if found then
    local theirs = tonumber(string.match(found, '^(%d+) '))
    local before = theirs and string.find(found, '"epoch":"' .. old .. '"', 1, true)
    if old == id or not before or theirs >= mine then
      return {{0, string.sub(found, 1, {LOCK_VALUE_LIMIT} + 1), redis.call('PTTL', KEYS[1])}}
    end
    redis.call('SET', KEYS[2], number)
  else
    local fence = tonumber(redis.call('GET', KEYS[2]) or nil)
    if fence and (fence > mine or (old ~= id and not young)) then return {{0, '', -2}} end
    redis.call('SET', KEYS[2], number)
    if old == id then number = string.format('%.0f', redis.call('INCR', KEYS[2])) end
  end
  redis.call('PEXPIRE', KEYS[2], ARGV[7])
end
local value = number .. ' ' .. dated(ARGV[2], dates)
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
return {{1, value, 0}}
"""
)
"""KEYS as above; ARGV our value, the new body, milliseconds of the lock, our number, our epoch, an id for a new one, milliseconds
of the fence. Answers 1: ours, with the value that stands there now; 0: who has it, or (empty) that somebody had it since."""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
READ_SCRIPT = "local t = redis.call('TIME') return {redis.call('GET', KEYS[1]) or '', t[1] * 1000 + math.floor(t[2] / 1000)}"
"""KEYS the holds of a region. Their value, and Redis's time in milliseconds."""
SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""
"""KEYS the holds of a region; ARGV the value they were decided on, the new one, its milliseconds. 1 if nobody was quicker."""
