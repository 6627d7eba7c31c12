"""What is being streamed by this process: one clock for all of it, and one end."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from api.interruption import Interruption
from data.errors import FootnoteError
from data.settings import ApiSettings

T = TypeVar("T")

TICK_SECONDS = 0.25


class Open(Protocol):
    """Something that runs for a while and has to be looked after."""

    def tick(self, now: float) -> None:
        """Look whether it is time for something, by the event loop's clock."""
        ...

    def end(self, error: Exception) -> None:
        """Let it end with an error."""
        ...


class Streams:
    """Looks after everything that is open, a few times in a second, with one task."""

    def __init__(self, settings: ApiSettings) -> None:
        self.comment_seconds = settings.keep_alive_comment_seconds
        self.reader_seconds = settings.reader_seconds
        shortest = min(self.comment_seconds, self.reader_seconds)
        self._tick_seconds = min(TICK_SECONDS, shortest / 4)
        self._open: set[Open] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._over: FootnoteError | None = None

    @property
    def are_open(self) -> bool:
        """Whether anything runs."""
        return bool(self._open)

    @contextmanager
    def including(self, stream: Open) -> Iterator[None]:
        """Look after a stream during the block."""
        self._open.add(stream)
        if self._over is not None:
            stream.end(self._over)
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick(), name="streams")
        try:
            yield
        finally:
            self._open.discard(stream)

    @contextmanager
    def endable(self) -> Iterator[None]:
        """Let the block run while the server does; then ``ShuttingDown`` comes out of it.

        For what answers without an ``EventStream``: a whole answer, or one over a web socket.
        """
        interruption = Interruption()
        with self.including(_Block(interruption)), interruption:
            yield

    async def unless_over(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns, or raise ``ShuttingDown`` when the server's time is up."""
        try:
            with self.endable():
                return await work
        finally:
            # What it holds is given back, also when it never began.
            work.close()

    def end_all(self, error: FootnoteError) -> None:
        """End everything that runs, and whatever still begins, with an error."""
        self._over = error
        for stream in tuple(self._open):
            stream.end(error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking

    async def _tick(self) -> None:
        """Tick while anything is open."""
        time = asyncio.get_running_loop().time
        while self._open:
            await asyncio.sleep(self._tick_seconds)
            now = time()
            for stream in tuple(self._open):
                stream.tick(now)


class _Block:
    """A block of code that only has an end."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption

    def tick(self, now: float) -> None:
        """Do nothing."""

    def end(self, error: Exception) -> None:
        """Raise the error in the block."""
        self._interruption.end(error)
