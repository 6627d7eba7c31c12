"""HTTP as uvicorn reads and writes it, with a bound on what comes before a body."""

import asyncio
from typing import cast

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.gathering import Gathering

# What a browser sends has a few; uvicorn itself has no bound, and 64 MB take its loop for seconds.
MOST_HEAD_BYTES = 64 * 1024
_ERROR = {
    "error": {
        "code": "request_too_large",
        "message": f"The headers have more than {MOST_HEAD_BYTES} bytes.",
        "details": {"limit_bytes": MOST_HEAD_BYTES},
    }
}


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a head that does not end, with 431; sends together what is written together."""

    _head_bytes = 0
    _reads_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a client."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))

    def on_message_begin(self) -> None:
        """Take note of a request's first byte."""
        self._head_bytes = 0
        self._reads_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take note of a head's end."""
        self._reads_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read what came, unless it is too much."""
        super().data_received(data)
        if self._reads_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse()

    def _refuse(self) -> None:
        body = to_json(_ERROR)
        head = (
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        self.transport.write(head + body)
        self.transport.close()
