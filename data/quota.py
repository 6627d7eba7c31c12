"""The places of a deployment, shared out to its processes over Redis or Valkey."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from data.errors import BrokerUnavailable
from data.settings import AnswerSettings

KEY = "footnote:answers"

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
  for word in text:gmatch('%d+') do row[#row + 1] = tonumber(word) end
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


@dataclass(frozen=True, slots=True)
class Demand:
    """What a process uses of the places and of the line, and what it would like."""

    running: int
    waiting: int
    # Wait to hear whether they are let in.
    arriving: int
    # Not in use, and not given back now.
    kept_running: int
    kept_waiting: int
    # Liked to be at hand, so that who comes next need not ask.
    spare_running: int
    spare_waiting: int
    # How many wait of the key that has most in the line, and which key that is.
    largest: int = 0
    largest_key: str = ""
    # Keys of those who wait to hear, and how many of each wait in the line.
    pressing: tuple[tuple[str, int], ...] = ()

    def words(self) -> Iterator[int]:
        """Yield all of it as numbers; keys become some that are hardly ever the same."""
        yield from (self.running, self.waiting, self.arriving)
        yield from (self.kept_running, self.kept_waiting, self.spare_running, self.spare_waiting)
        yield from (self.largest, crc32(self.largest_key.encode()))
        for key, waiting in self.pressing:
            yield from (crc32(key.encode()), waiting)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many answers a process may run and have wait from now on."""

    may_run: int
    may_wait: int
    # How much of that is more than was asked for.
    spare_running: int = 0
    spare_waiting: int = 0
    # What nobody else may use; more than the above where it is to shrink.
    holds_running: int = 0
    holds_waiting: int = 0
    # What all other processes do, and what they hold and don't use.
    running_elsewhere: int = 0
    waiting_elsewhere: int = 0
    idle_elsewhere: int = 0
    # How many it has to turn out of its line, each the newest of the key with most: they made room
    # for one of another key elsewhere.
    owed: int = 0
    # Which of the pressing keys got such room, counted from 1.
    pressed: int = 0


class Quota:
    """The shares of this process, as long as it is heard of."""

    def __init__(self, url: str, settings: AnswerSettings) -> None:
        # No timeouts and no second tries of its own: who asks has a limit for all of it.
        self._client = redis.asyncio.from_url(
            # Celery writes a socket's address in a way of its own.
            url.replace("redis+socket://", "unix://", 1),
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = self._client.register_script(SETTLE)
        self._process = secrets.token_hex(8)
        self._bounds = (
            int(settings.lease_seconds * 1000),
            settings.max_running,
            settings.max_waiting,
        )
        self._number = 0

    async def settle(self, demand: Demand) -> Grant:
        """Say what is used and get what may be used, or raise ``BrokerUnavailable``.

        What is in use stays this process's, also where it is more than it may use from now on.
        """
        self._number += 1
        asked = (self._number, *self._bounds, *demand.words())
        try:
            granted = await self._script(keys=[KEY], args=[self._process, *map(str, asked)])
        except (RedisError, OSError) as error:
            raise BrokerUnavailable from error
        if not granted:
            # The server was held up so long that a later call of ours was answered first.
            raise BrokerUnavailable
        return Grant(*granted)

    async def leave(self) -> None:
        """Give back everything, or raise ``BrokerUnavailable``."""
        try:
            await self._client.hdel(KEY, self._process)
        except (RedisError, OSError) as error:
            raise BrokerUnavailable from error

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()
