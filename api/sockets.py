"""A web socket whose client may leave, say too much, or take nothing, at any moment."""

import asyncio
from collections.abc import AsyncIterator

from starlette.websockets import WebSocket, WebSocketDisconnect

from api.bodies import JSON_BYTES
from api.disconnects import abort

CLOSE_SECONDS = 2.0
# What web sockets call it: RFC 6455, and from 4000 on what we say.
TOO_LARGE, DEFECT, TRY_LATER = 1009, 1011, 1013
UNAUTHENTICATED, TOO_SLOW = 4401, 4408
OURS = frozenset({TOO_LARGE, DEFECT, TRY_LATER, UNAUTHENTICATED})
GONE = 1005


class Socket:
    """Sends and receives until it is over; from then on it does nothing.

    ``over`` tells the code of its end. A client that takes nothing for ``reader_seconds`` is
    cut off.
    """

    def __init__(self, socket: WebSocket, reader_seconds: float) -> None:
        self._socket = socket
        self._reader_seconds = reader_seconds
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(self, code: int) -> None:
        """Let it be over; the first code counts."""
        if not self.over.done():
            self.over.set_result(code)

    async def accept(self) -> None:
        """Agree to speak."""
        try:
            await self._socket.accept()
        except (OSError, RuntimeError):  # it left before
            self.end(GONE)

    async def receive(self) -> str | bytes | None:
        """Return the next message; None when there is none any more."""
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            self.end(message.get("code", GONE))
            return None
        text: str | bytes = message.get("text") or message.get("bytes") or ""
        # A character has four bytes at most; the server bounds them before (--ws-max-size).
        if len(text) > JSON_BYTES:
            self.end(TOO_LARGE)
            return None
        return text

    async def messages(self) -> AsyncIterator[str | bytes]:
        """Yield messages as long as there are any."""
        while (text := await self.receive()) is not None:
            yield text

    async def send(self, text: str) -> None:
        """Send a message; when nobody takes it, the socket is over."""
        if self.over.done():
            return
        try:
            async with asyncio.timeout(self._reader_seconds):
                await self._socket.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            self.end(TOO_SLOW)
        except (WebSocketDisconnect, RuntimeError):  # closed by either side meanwhile
            self.end(GONE)

    async def close(self) -> None:
        """Close with the code of its end, unless the client has; cut off who takes nothing."""
        code = self.over.result() if self.over.done() else DEFECT
        if code in OURS:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._socket.close(code)
            except TimeoutError:
                code = TOO_SLOW
            except (WebSocketDisconnect, RuntimeError):  # closed by the client meanwhile
                return
        if code == TOO_SLOW:
            abort(self._socket.scope)
