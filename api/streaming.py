"""Server-sent events, as bytes that are encoded once and sent as they are."""

import asyncio
import logging
from collections.abc import AsyncGenerator

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.disconnects import gone
from api.errors import error_body
from data.errors import FootnoteError

logger = logging.getLogger(__name__)

COMMENT = b": still here\n\n"
# Who takes nothing for so many comments is gone, whatever its connection says.
MOST_MISSED = 4


def encoded(name: str, data: bytes, number: int) -> bytes:
    """Return an event; ``data`` is JSON on one line."""
    return b"event: %b\ndata: %b\nid: %d\n\n" % (name.encode(), data, number)


def json_of(value: object) -> bytes:
    """Return JSON on one line: line ends inside of texts are escaped."""
    return to_json(value)


def json_response(body: BaseModel) -> Response:
    """Return a response that is a whole body."""
    return Response(body.model_dump_json(), media_type="application/json")


class EventStream(Response):
    """Sends events while there are any and somebody listens.

    When the client leaves, the generator is closed at once, and with it all that it holds.
    An error after the first event becomes ``event: error``, the last one.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], comment_seconds: float) -> None:
        self._events = events
        self._comment_seconds = comment_seconds
        self._sent = 0
        self._sending = False
        self.background: BackgroundTask | None = None
        self.status_code = 200
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        # Known only at the end.
        if "content-length" in self.headers:
            del self.headers["content-length"]

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - ASGI calls it so
        receive: Receive,
        send: Send,
    ) -> None:
        """Serve the response."""
        writing = asyncio.create_task(self._write(send))
        tasks = (
            writing,
            asyncio.create_task(gone(receive)),
            asyncio.create_task(self._comment(send)),
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._events.aclose()
        if not writing.cancelled():
            writing.result()

    async def _write(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        try:
            async for event in self._events:
                await self._send(send, event)
        except FootnoteError as error:
            await self._send(send, encoded("error", error_body(error), self._sent))
        # The status is out already; the client is told in the stream, the log gets the rest.
        except Exception as error:
            logger.exception("stream failed")
            await self._send(send, encoded("error", error_body(error), self._sent))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, event: bytes) -> None:
        self._sending = True
        await send({"type": "http.response.body", "body": event, "more_body": True})
        self._sending = False
        self._sent += 1

    async def _comment(self, send: Send) -> None:
        """Send a comment whenever nothing else was sent; return when nobody takes anything."""
        missed = 0
        while missed < MOST_MISSED:
            sent = self._sent
            await asyncio.sleep(self._comment_seconds)
            if self._sending:
                missed = missed + 1 if sent == self._sent else 0
            elif sent == self._sent:
                await send({"type": "http.response.body", "body": COMMENT, "more_body": True})
