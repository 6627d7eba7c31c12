"""How often streams are read while there are many of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

# So many are read whenever something comes.
FEW = 32
# Text that grows 22 times a second looks as if it flowed. At 50 ms a token it never waits.
PAUSE_SECONDS = 0.045


class Pace:
    """Lets a process that has many streams read each of them less often.

    A reading costs much the same however much has come: at 20 ms a token, two come in one.
    """

    def __init__(self) -> None:
        self._streams = 0

    @property
    def pause_seconds(self) -> float:
        """How long a stream rests from one reading to the next."""
        return PAUSE_SECONDS if self._streams > FEW else 0.0

    @contextmanager
    def reading(self, response: aiohttp.ClientResponse) -> Iterator["Pauses"]:
        """Count a stream during the block, and give its pauses."""
        self._streams += 1
        try:
            yield Pauses(self, response)
        finally:
            self._streams -= 1


class Pauses:
    """The pauses of one stream. What comes meanwhile waits in the socket, which costs nothing."""

    def __init__(self, pace: Pace, response: aiohttp.ClientResponse) -> None:
        self._pace = pace
        self._response = response
        self._time = asyncio.get_running_loop().time
        self._read_at = 0.0

    def begin(self) -> None:
        """Take note that the stream was read just now."""
        self._read_at = self._time()

    async def end(self) -> None:
        """Return when it may be read again."""
        left = self._read_at + self._pace.pause_seconds - self._time()
        connection = self._response.connection
        # All has come, or nothing comes any more.
        if left <= 0 or connection is None or connection.transport is None:
            return
        transport = connection.transport
        transport.pause_reading()
        try:
            await asyncio.sleep(left)
        finally:
            transport.resume_reading()
