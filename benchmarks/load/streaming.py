"""One question asked, and when each part of its answer came.

Raw protocols instead of an HTTP library: the client shares the cores with what it measures.
"""

import asyncio
import time
from dataclasses import dataclass, field

PATIENCE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where a side is asked, and what a line of its stream looks like that brings a token."""

    port: int
    path: str
    token: bytes
    headers: tuple[str, ...] = ()
    error: bytes = b"event: error"

    def request(self, body: bytes, *, keep_alive: bool = False) -> bytes:
        """Return a request's bytes."""
        head = (
            f"POST {self.path} HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            f"connection: {'keep-alive' if keep_alive else 'close'}",
            *self.headers,
        )
        return ("\r\n".join(head) + "\r\n\r\n").encode() + body


@dataclass(slots=True)
class Heard:
    """What came of a question; seconds from the moment that the client began to connect."""

    started: float = field(default_factory=time.perf_counter)
    first_byte: float | None = None
    tokens: list[float] = field(default_factory=list)
    error: str | None = None
    left: bool = False


async def ask(door: Door, body: bytes, leave_after: float | None = None) -> Heard:
    """Ask, and hear the answer to its end; or leave without a word after so many seconds."""
    heard = Heard()
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[str | None] = loop.create_future()
    stream = Stream(door, door.request(body), heard, ended)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS if leave_after is None else leave_after):
            await loop.create_connection(lambda: stream, "127.0.0.1", door.port)
            heard.error = await ended
    except TimeoutError:
        heard.left = leave_after is not None
        heard.error = None if heard.left else f"no end after {PATIENCE_SECONDS:.0f} s"
    except OSError as error:
        heard.error = f"no connection: {error}"
    finally:
        stream.close()
    return heard


class Stream(asyncio.Protocol):
    """Notes when the first byte and each token come; ``ended`` gets what went wrong, or None."""

    def __init__(
        self, door: Door, request: bytes, heard: Heard, ended: "asyncio.Future[str | None]"
    ) -> None:
        self._door = door
        self._request = request
        self._heard = heard
        self._ended = ended
        self._transport: asyncio.WriteTransport | None = None
        self._in_body = False
        self._waiting = b""
        self._line = b""
        self._chunk_left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"the connection was lost: {exc}")

    def close(self) -> None:
        """Go away at once, whatever is still on its way."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._waiting += data
        if not self._in_body and not self._read_head():
            return
        while self._waiting:
            if self._chunk_left:
                part = self._waiting[: self._chunk_left]
                self._waiting = self._waiting[self._chunk_left :]
                self._chunk_left -= len(part)
                self._read_lines(part, now)
                continue
            size, found, rest = self._waiting.partition(b"\r\n")
            if not found:
                return
            self._waiting = rest
            if size:  # else it is the line end behind a chunk
                self._chunk_left = int(size, 16)
                if not self._chunk_left:
                    self._end(None if self._heard.tokens else "no token came")

    def _read_head(self) -> bool:
        head, found, rest = self._waiting.partition(b"\r\n\r\n")
        if not found:
            return False
        if b" 200 " not in head[:16]:
            self._end((head.split(b"\r\n")[0] + b" " + rest[:200]).decode(errors="replace"))
            return False
        self._in_body, self._waiting = True, rest
        return True

    def _read_lines(self, data: bytes, now: float) -> None:
        if self._heard.first_byte is None:
            self._heard.first_byte = now - self._heard.started
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            if self._door.token in line:
                self._heard.tokens.append(now - self._heard.started)
            elif self._door.error in line:
                self._end("an error event came")

    def _end(self, error: str | None) -> None:
        if not self._ended.done():
            self._ended.set_result(error)
