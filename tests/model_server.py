"""A language model that says what a test tells it to, over real HTTP."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Piece = str | bytes | asyncio.Event


@dataclass(frozen=True)
class Script:
    """One answer: texts become events, bytes go out as they are, an event is waited for."""

    pieces: Iterable[Piece] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    # What is answered when the status is not 200.
    body: bytes = b'{"error": {"message": "no"}}'
    # None: the stream has no usage event. It has none either when nobody asked for it.
    usage: Mapping[str, int] | None = field(
        default_factory=lambda: {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    )
    finish_reason: str | None = "stop"
    # The connection is cut after the pieces, without an end.
    breaks: bool = False
    # The pieces are all that is sent: no head, no chunks, no end.
    raw: bool = False


class ModelServer:
    """Answers ``/v1/chat/completions`` by its scripts in turn; the last one stays."""

    def __init__(self) -> None:
        self.scripts: list[Script] = [Script(["Nothing. [1]"])]
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.active = 0
        self.completed = 0
        self.cancelled = 0
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def say(self, *pieces: Piece, **options: Any) -> None:
        """Answer the next requests with these pieces."""
        self.scripts = [Script(pieces, **options)]

    def set(self, event: asyncio.Event) -> None:
        """Let the answers go on that wait for the event, from whatever thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(event.set)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return when it is so; the test fails after five seconds."""
        async with asyncio.timeout(5):
            while not is_so():  # noqa: ASYNC110 - any counter may be asked for
                await asyncio.sleep(0.002)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            lead: bytes | None = b""
            while lead is not None:
                lead = await self._answer(lead, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(
        self, lead: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Answer one request; return what was read of the next, None when there is none."""
        head = (lead + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        request = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
        self.requests.append(request)
        self.headers.append(headers)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.active += 1
        sending = asyncio.create_task(self._send(script, request, writer))
        leaving = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            self.active -= 1
            # Whoever leaves between two pieces is noticed when the next one is sent.
            if not sending.done() or sending.exception() is not None:
                self.cancelled += 1
                return None
            self.completed += 1
            if script.breaks:
                writer.transport.abort()
                return None
            await asyncio.wait({leaving})
            return leaving.result() or None
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(
        self, script: Script, request: dict[str, Any], writer: asyncio.StreamWriter
    ) -> None:
        if script.raw:
            for piece in script.pieces:
                assert isinstance(piece, bytes)
                writer.write(piece)
                await writer.drain()
            return await asyncio.sleep(0)
        extra = "".join(f"{name}: {value}\r\n" for name, value in script.headers.items())
        if script.status != 200:
            writer.write(
                f"HTTP/1.1 {script.status} Said\r\ncontent-type: application/json\r\n{extra}"
                f"content-length: {len(script.body)}\r\n\r\n".encode()
                + script.body
            )
            return await writer.drain()
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{extra}"
            "transfer-encoding: chunked\r\n\r\n".encode()
        )
        for piece in script.pieces:
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                writer.write(chunk(piece if isinstance(piece, bytes) else event(piece)))
                await writer.drain()
                await asyncio.sleep(0)
        if not script.breaks:
            if script.finish_reason is not None:
                writer.write(chunk(event(None, script.finish_reason)))
            if script.usage is not None and request.get("stream_options"):
                usage = {"choices": [], "usage": script.usage}
                writer.write(chunk(f"data: {json.dumps(usage)}\n\n".encode()))
            if script.finish_reason is not None:
                writer.write(chunk(b"data: [DONE]\n\n"))
            writer.write(b"0\r\n\r\n")
        return await writer.drain()


def event(text: str | None, finish_reason: str | None = None) -> bytes:
    """Return a completion's event as it goes over the wire."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def chunk(data: bytes) -> bytes:
    """Return a chunk of HTTP/1.1's chunked encoding."""
    return b"%x\r\n%s\r\n" % (len(data), data)
