"""Server-sent events, as bytes that are encoded once and sent as they are."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.disconnects import abort, gone, has_hung_up
from api.errors import error_body, response_to
from api.interruption import Interruption
from api.streams import Streams
from data.errors import ClientGone, DeadlineExceeded, FootnoteError, ReaderTooSlow
from retrieval.deadline import Deadline

logger = logging.getLogger(__name__)

COMMENT = b": still here\n\n"
# A reader that was too slow gets so long for what it has missed and for the error.
LINGER_SECONDS = 2.0
# An answer notices its deadline by itself, unless it waits for its reader.
LATE_SECONDS = 0.5


def encoded(name: str, data: bytes, number: int) -> bytes:
    """Return an event; ``data`` is JSON on one line."""
    return b"event: %b\ndata: %b\nid: %d\n\n" % (name.encode(), data, number)


def number_of(event: bytes) -> int:
    """Return the number of the last event in these bytes; -1 when there is none."""
    return int(event[event.rindex(b"\nid: ") + 5 :]) if b"\nid: " in event else -1


def json_of(value: object) -> bytes:
    """Return JSON on one line: line ends inside of texts are escaped."""
    return to_json(value)


def json_response(body: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response that is a whole body."""
    return Response(body.model_dump_json(), headers=headers, media_type="application/json")


class Events(Protocol):
    """What a stream sends: encoded events, one or several at once."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return what gives them."""
        ...

    async def aclose(self) -> None:
        """Give back what it costs; safe to call more than once."""
        ...


class EventStream(Response):
    """Sends events while there are any and somebody takes them.

    When the client leaves, they are closed at once, and with them all that they hold; a
    client that takes nothing for too long, or not all until the deadline, loses it as well.
    An error after the first event becomes ``event: error``, the last one. Its number follows that
    of the event before, unless the events can be taken up again, here behind ``kept_after``:
    then it repeats it, for none may be missed.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: Events,
        streams: Streams,
        deadline: Deadline | None = None,
        *,
        kept_after: int | None = None,
    ) -> None:
        self._events = events
        self._streams = streams
        self._deadline = deadline
        self._kept_after = kept_after
        self._block = Interruption()
        self._started = self._sending = False
        self._sent = self._seen = 0
        self._moved = asyncio.get_running_loop().time()
        self._last = b""
        self._scope: Scope | None = None
        self._send: Send | None = None
        self._comment: asyncio.Task[None] | None = None
        self.background: BackgroundTask | None = None
        self.status_code = 200
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        # Known only at the end.
        if "content-length" in self.headers:
            del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the response."""
        self._scope, self._send = scope, send
        leaving = asyncio.create_task(self._end_when_gone(receive))
        try:
            with self._streams.including(self):
                error = await self._write(send)
                # What it costs is given back before its reader is told.
                await self._events.aclose()
            if isinstance(error, ClientGone):
                return
            if error is not None and not self._started:
                await response_to(error)(scope, receive, send)
            elif not await self._finish(send, error):
                abort(scope)
                await leaving
        finally:
            leaving.cancel()
            if self._comment is not None:
                self._comment.cancel()
            await self._events.aclose()

    def tick(self, now: float) -> None:
        """Send a comment into the silence; end the stream of a reader that left or is too slow."""
        waiting = self._sending or (self._comment is not None and not self._comment.done())
        if self._sent != self._seen:
            self._seen, self._moved = self._sent, now
        elif waiting and now - self._moved >= self._streams.reader_seconds:
            self.end(ReaderTooSlow())
        elif not waiting and now - self._moved >= self._streams.comment_seconds:
            self._moved = now
            self._comment = asyncio.create_task(self._send_comment())
        if self._scope is not None and has_hung_up(self._scope):
            self.end(ClientGone())
        if waiting and self._deadline and now > self._deadline.at + LATE_SECONDS:
            self.end(DeadlineExceeded())

    def end(self, error: Exception) -> None:
        """End the stream with an error."""
        self._block.end(error)

    async def _end_when_gone(self, receive: Receive) -> None:
        await gone(receive)
        self._block.end(ClientGone())

    async def _write(self, send: Send) -> Exception | None:
        """Send all events; return what was in the way."""
        try:
            with self._block:
                self._started = self._sending = True
                headers = self.raw_headers
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                self._sending = False
                async for event in self._events:
                    self._sending = True
                    await send({"type": "http.response.body", "body": event, "more_body": True})
                    self._sending = False
                    self._sent += 1
                    self._last = event
        except FootnoteError as error:
            return error
        # The status is out already; the client is told in the stream, the log gets the rest.
        except Exception as error:
            logger.exception("stream failed")
            return error
        return None

    async def _finish(self, send: Send, error: Exception | None) -> bool:
        """Send the end; false when nobody takes it."""
        slow = self._sending
        if self._comment is not None:
            self._comment.cancel()
        seconds = LINGER_SECONDS if slow else self._streams.reader_seconds
        body = b""
        if error is not None:
            body = encoded("error", error_body(error), self._error_number())
        try:
            async with asyncio.timeout(seconds):
                await send({"type": "http.response.body", "body": body, "more_body": False})
        except TimeoutError:
            return False
        return True

    def _error_number(self) -> int:
        if self._kept_after is None:
            return number_of(self._last) + 1
        return number_of(self._last) if self._last else self._kept_after

    async def _send_comment(self) -> None:
        assert self._send is not None
        await self._send({"type": "http.response.body", "body": COMMENT, "more_body": True})
