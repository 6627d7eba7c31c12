"""Bodies of requests: how much of them is read, and what becomes of the rest."""

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.errors import ClientGone, RequestTooLarge

# No JSON request of ours comes near it: a question has 8,000 characters.
JSON_BYTES = 1024 * 1024


def is_expected(scope: Scope) -> bool:
    """Whether the request has a body."""
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def declared_bytes(headers: Headers) -> int:
    """Return how long the body says it is; 0 when it does not say."""
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


async def gathered(scope: Scope, receive: Receive) -> Receive:
    """Read a small body, and return a ``receive`` that gives it, then what comes after it.

    Raises ``RequestTooLarge`` as soon as that is known.
    """
    if declared_bytes(Headers(scope=scope)) > JSON_BYTES:
        raise RequestTooLarge(limit_bytes=JSON_BYTES)
    pieces: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
        if size > JSON_BYTES:
            raise RequestTooLarge(limit_bytes=JSON_BYTES)
    whole: list[Message] = [{"type": "http.request", "body": b"".join(pieces), "more_body": False}]

    async def replayed() -> Message:
        return whole.pop() if whole else await receive()

    return replayed


class Drained:
    """Middleware: a refused request's body is read to its end, for a while.

    The response goes out first. Without this, closing a connection with unread bytes resets
    it, and the client may never see why it was refused.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or not is_expected(scope):
            await self._app(scope, receive, send)
            return
        unread = True
        refused = False

        async def watched() -> Message:
            nonlocal unread
            message = await receive()
            unread = bool(message.get("more_body", False))
            return message

        async def answering(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = unread and message["status"] >= 400
                if refused:
                    headers = [*message["headers"], (b"connection", b"close")]
                    message = {**message, "headers": headers}
            elif refused and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await self._drain(watched, lambda: unread)
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        await self._app(scope, watched, answering)

    async def _drain(self, receive: Receive, unread: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                while unread():
                    await receive()
        except TimeoutError:
            return
