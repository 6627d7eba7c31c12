"""The places of a deployment, shared out to its processes over Redis or Valkey."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from data.ephemeral import redis_address
from data.errors import BrokerUnavailable
from data.quota_script import SETTLE
from data.settings import AnswerSettings

KEY = "footnote:answers"


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
            redis_address(url),
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
