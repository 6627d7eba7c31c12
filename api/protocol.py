"""HTTP as uvicorn reads and writes it, with a bound on what is no body."""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.errors import error_body
from api.gathering import Gathering
from data.errors import RequestTooLarge

# What a browser sends has a few; uvicorn itself has no bound, and 64 MB take its loop for seconds.
MOST_HEAD_BYTES = 64 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """Refuses heads and trailers that are too long, or have no end, with 431.

    What is written together it sends together.
    """

    # Of this message's address, headers and trailers.
    _head_bytes = 0
    # What came since the parser last had something to tell.
    _unread_bytes = 0
    # Requests that were being answered when another one came behind them.
    _earlier: tuple[RequestResponseCycle, ...] = ()

    def connection_made(  # type: ignore[override]  # as uvicorn's own: it serves no other kind
        self, transport: asyncio.Transport
    ) -> None:
        """Begin to serve a client."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let all requests know that their client has left; uvicorn tells the newest one."""
        for cycle in self._earlier:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Take note of a request's first byte."""
        self._head_bytes = self._unread_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or, behind the body, a trailer."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer a request, or have it wait behind the one before."""
        before = self.cycle
        super().on_headers_complete()
        if before is not None and not before.response_complete:
            answering = (one for one in self._earlier if not one.response_complete)
            self._earlier = (*answering, before)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._unread_bytes = 0
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Read what came, unless it is too much."""
        self._unread_bytes += len(data)
        super().data_received(data)
        if self._unread_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def send_400_response(self, msg: str) -> None:
        """Refuse what can't be parsed, or what we don't want to."""
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._unread_bytes = 0
        self._head_bytes += size
        if self._head_bytes > MOST_HEAD_BYTES:
            raise _too_large()  # the parser makes an error of the server's own of it

    def _refuse(self) -> None:
        # Of an answer that has begun, nothing else can be made.
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = error_body(_too_large())
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
                b"content-type: application/json\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )
        self.transport.close()


def _too_large() -> RequestTooLarge:
    words = f"The headers have more than {MOST_HEAD_BYTES} bytes."
    return RequestTooLarge(words, limit_bytes=MOST_HEAD_BYTES)
