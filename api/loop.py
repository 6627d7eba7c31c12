"""The event loop: uvloop, which takes all clients that wait instead of one at a time."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvloop

# The other processes want some, too.
MOST_AT_ONCE = 16
REST_SECONDS = 0.1


class EagerLoop(uvloop.Loop):
    """Accepts what waits at a listening socket whenever it looks there.

    uvloop itself accepts one connection each time around. Around a thousand streams that is a
    while: a hundred clients a second then wait for seconds before anybody hears them.
    """

    async def create_server(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *args: Any,
        sock: socket.socket | None = None,
        backlog: int = 100,
        **options: Any,
    ) -> Any:
        """Serve a listening socket; without one, or with TLS, uvloop does."""
        if sock is None or options.get("ssl") is not None:
            return await super().create_server(
                protocol_factory, *args, sock=sock, backlog=backlog, **options
            )
        return EagerServer(self, protocol_factory, sock, backlog)


class EagerServer:
    """What uvicorn needs of a server: its sockets, and to be closed."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        listening: socket.socket,
        backlog: int,
    ) -> None:
        self._loop = loop
        self._protocol_factory = protocol_factory
        self._listening = listening
        self._closed = False
        self._welcoming: set[asyncio.Task[Any]] = set()
        self.sockets = (listening,)
        listening.setblocking(False)  # noqa: FBT003 - has no other way
        listening.listen(backlog)
        loop.add_reader(listening.fileno(), self._accept)

    def close(self) -> None:
        """Accept nobody any more; connections stay."""
        self._closed = True
        self._loop.remove_reader(self._listening.fileno())

    async def wait_closed(self) -> None:
        """Return when nobody is on the way in."""
        await asyncio.gather(*self._welcoming, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError:  # no file is left to open: who waits is heard when one is
                self._rest()
                return
            connection.setblocking(False)  # noqa: FBT003 - has no other way
            task = self._loop.create_task(self._welcome(connection))
            self._welcoming.add(task)
            task.add_done_callback(self._welcoming.discard)

    async def _welcome(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol_factory, connection)
        except OSError:  # gone already
            connection.close()

    def _rest(self) -> None:
        """Look again in a while."""
        self._loop.remove_reader(self._listening.fileno())
        self._loop.call_later(REST_SECONDS, self._resume)

    def _resume(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listening.fileno(), self._accept)
