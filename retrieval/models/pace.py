"""How often streams are read while there are many of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

# So many are read whenever something comes.
FEW = 32
# A stream rests until the third tick from its last reading: 30 to 45 ms, in which nobody sees text
# stand still. On ticks, because streams that are read one after the other cost a seventh less than
# streams that wake the event loop one by one (benchmarks/README.md, “Many at once”).
TICK_SECONDS = 0.015
PAUSE_TICKS = 3


class Pace:
    """Lets a process that has many streams read each of them less often.

    A reading costs much the same however much has come: at 20 ms a token, two come in one.
    """

    def __init__(self, few: int = FEW, tick_seconds: float = TICK_SECONDS) -> None:
        self.tick_seconds = tick_seconds
        self._few = few
        self._streams = 0

    @property
    def is_crowded(self) -> bool:
        """Whether streams are to rest from one reading to the next."""
        return self._streams > self._few

    @contextmanager
    def reading(self, response: "aiohttp.ClientResponse") -> Iterator["Pauses"]:
        """Count a stream during the block, and give its pauses."""
        self._streams += 1
        try:
            yield Pauses(self, response)
        finally:
            self._streams -= 1


class Pauses:
    """The pauses of one stream, none before its first text.

    What comes meanwhile waits in the socket, which costs nothing.
    """

    def __init__(self, pace: Pace, response: "aiohttp.ClientResponse") -> None:
        self._pace = pace
        self._response = response
        self._time = asyncio.get_running_loop().time
        self._until = 0.0

    def begin(self) -> None:
        """Take note that text was read just now."""
        tick = self._pace.tick_seconds
        self._until = (self._time() // tick + PAUSE_TICKS) * tick

    async def end(self) -> None:
        """Return when it may be read again."""
        left = self._until - self._time()
        if left <= 0 or not self._pace.is_crowded:
            return
        connection = self._response.connection
        transport = connection.transport if connection is not None else None
        if transport is None:  # all has come, or nothing comes any more
            return
        transport.pause_reading()
        try:
            await asyncio.sleep(left)
        finally:
            transport.resume_reading()
