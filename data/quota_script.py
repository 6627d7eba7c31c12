"""The script that shares out places among processes, run inside of Redis or Valkey."""

# Keeps for each process: when it was last heard of, the number of that call, how many answers it
# runs, how many wait and how many got no place, how many places and how much of the line it holds,
# how many wait of the key that has most in its line, which key that is, and how many of those it
# has to turn out because another process took one of a key with fewer into the full line.
#
# What is kept is only what processes said: with nothing kept, the next calls tell all of it again.
# While more is wanted than there is, each process is entitled to an equal share (what one does not
# want goes to the others; what can't be divided goes round, a second each). Nobody is sent away
# for that, but places that become free go to who has too few.
SETTLE = """
local me, number, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local most_running, most_waiting = tonumber(ARGV[4]), tonumber(ARGV[5])
local running, waiting, arriving = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local kept_running, kept_waiting = tonumber(ARGV[9]), tonumber(ARGV[10])
local spare_running, spare_waiting = tonumber(ARGV[11]), tonumber(ARGV[12])
local largest, largest_key = tonumber(ARGV[13]), tonumber(ARGV[14])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function row_of(text)
  local row = {}
  for word in text:gmatch('-?%d+') do row[#row + 1] = tonumber(word) end
  return row
end
local owed = 0
local mine = redis.call('HGET', KEYS[1], me)
if mine then
  local row = row_of(mine)
  if row[2] > number then return {} end
  owed = math.min(row[10], waiting)
  waiting = waiting - owed
end

local free_running, free_waiting = most_running, most_waiting
local running_elsewhere, waiting_elsewhere, idle_elsewhere, refused_elsewhere = 0, 0, 0, 0
local demand = running + waiting + arriving
local all, wanted, alive = demand, {{me, demand}}, {}
local kept = redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
  local row = row_of(kept[i + 1])
  local seen, _, runs, waits, refused, has_running, has_waiting = unpack(row)
  if kept[i] ~= me and math.abs(now - seen) > lease then
    redis.call('HDEL', KEYS[1], kept[i])
  elseif kept[i] ~= me then
    free_running, free_waiting = free_running - has_running, free_waiting - has_waiting
    running_elsewhere, waiting_elsewhere = running_elsewhere + runs, waiting_elsewhere + waits
    idle_elsewhere = idle_elsewhere
      + math.max(0, has_running - runs) + math.max(0, has_waiting - waits)
    local wants = runs
    -- Who has a line asks many times a second; one that was not heard of may be dead.
    if now - seen < 1000 then
      alive[kept[i]], wants = row, runs + waits
      refused_elsewhere = refused_elsewhere + refused
    end
    all, wanted[#wanted + 1] = all + wants, {kept[i], wants}
  end
end

local entitled, left = demand, most_running
table.sort(wanted, function(a, b) return a[2] < b[2] end)
for i = 1, #wanted do
  local count = #wanted - i + 1
  local each, rest = math.floor(left / count), left % count
  if wanted[i][2] > each then
    local hungry = {}
    for j = i, #wanted do hungry[#hungry + 1] = wanted[j][1] end
    table.sort(hungry)
    for place, process in ipairs(hungry) do
      if process == me then
        local turn = (place + math.floor(now / 1000)) % count
        entitled = math.min(demand, each + (turn < rest and 1 or 0))
      end
    end
    break
  end
  left = left - wanted[i][2]
end

local function bounded(asked, most) return math.max(0, math.min(asked, most)) end
-- Half of what is left may be held by those who don't use it.
local function half(room) return math.floor(room / (2 * #wanted)) end
local spare = bounded(spare_running, half(most_running - all))
local may_run = bounded(entitled + spare, free_running)
local begin = bounded(waiting + arriving, may_run - running)
local line = waiting + arriving - begin
spare = bounded(spare_waiting, half(most_waiting - waiting_elsewhere - refused_elsewhere - line))
local may_wait = bounded(line + spare, free_waiting)
local refused = math.max(0, line - may_wait)
line = line - refused

-- Of a key that waits less than another does elsewhere, one gets in for the newest of that.
local pressed = 0
for i = 15, #ARGV, 2 do
  local key, most, where = tonumber(ARGV[i]), ARGV[i + 1] + 1, nil
  for process, row in pairs(alive) do
    if row[8] > most and row[9] ~= key then most, where = row[8], process end
  end
  if refused > 0 and where then
    local row = alive[where]
    row[4], row[7], row[8], row[10] = row[4] - 1, row[7] - 1, row[8] - 1, row[10] + 1
    redis.call('HSET', KEYS[1], where, table.concat(row, ' '))
    may_wait, line, refused = may_wait + 1, line + 1, refused - 1
    waiting_elsewhere, pressed = waiting_elsewhere - 1, (i - 13) / 2
    break
  end
end

local holds_running = math.max(may_run, running + kept_running)
local holds_waiting = math.max(may_wait, waiting - math.min(begin, waiting) + kept_waiting)
local row = {
  now, number, running + begin, line, refused, holds_running, holds_waiting,
  largest, largest_key, 0,
}
redis.call('HSET', KEYS[1], me, table.concat(row, ' '))
redis.call('PEXPIRE', KEYS[1], 2 * lease)
return {
  may_run, may_wait, math.max(0, may_run - running - begin), may_wait - line,
  holds_running, holds_waiting,
  running_elsewhere, waiting_elsewhere, idle_elsewhere, owed, pressed,
}
"""
