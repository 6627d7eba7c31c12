"""A connection that sends what is written together in one piece."""

import asyncio
from typing import Any

# More is sent at once, so that whoever writes without a pause is held back by a slow reader.
MOST_BYTES = 16 * 1024


class Gathering:
    """A transport that sends all that is written in one turn of the event loop together.

    uvloop sends each write by itself: a system call, and a reader who wakes up, for each token
    of several that came together.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []
        self._bytes = 0

    def write(self, data: bytes) -> None:
        """Send data, at the latest in the next turn of the loop."""
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            self._send()

    def close(self) -> None:
        """Close the connection when all is sent."""
        self._send()
        self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._forget()
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._written:
            data = b"".join(self._written)
            self._forget()
            # A client that has left since is no mistake of whoever wrote.
            if not self._transport.is_closing():
                self._transport.write(data)

    def _forget(self) -> None:
        self._written = []
        self._bytes = 0
