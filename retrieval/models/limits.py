"""How long an endpoint may keep a question waiting."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from data.errors import DeadlineExceeded, ModelUnavailable
from data.model_settings import ModelSettings
from retrieval.deadline import Deadline

T = TypeVar("T")
# What follows the last word, usage and the end, comes at once or not at all.
_TAIL_SECONDS = 1.0


class Limits:
    """The limits of one request: to its first text, between signs of life, and altogether.

    A stream has one timer, which looks whether the limit was moved meanwhile: setting one anew
    for each token would cost more than reading it.
    """

    def __init__(
        self, deadline: Deadline, settings: ModelSettings, host: str, first_by: float = math.inf
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._time = loop.time
        now = loop.time()
        self._deadline = deadline
        self._host = host
        self._between = settings.between_tokens_seconds
        # Who asks has more patience than we: what is too slow for us is too slow.
        self._patient = deadline.at - now >= settings.first_token_seconds
        self._has_text = False
        # Neither a fallback's share nor the whole time may be passed.
        self._last = min(now + settings.first_token_seconds, first_by, deadline.at)
        # The limit of the wait that goes on; None: set by the next one.
        self._limit: float | None = self._last
        self._until = math.inf
        self._looks_at = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._close: Callable[[], None] | None = None
        self._expired = False

    @property
    def hurried(self) -> bool:
        """Whether time was up early because the question had less than an endpoint may take."""
        return self._expired and not self._has_text and not self._patient

    def left(self) -> float:
        """Return the seconds until waiting ends."""
        return self._next() - self._time()

    def moved(self) -> None:
        """Wait anew from when the next bytes are asked for: a slow reader is not the model."""
        self._limit = None

    def has_text(self) -> None:
        """From now on only the deadline and the pauses count."""
        self._has_text = True
        self._last = self._deadline.at
        self._limit = None

    def is_done(self) -> None:
        """Wait no longer than a moment for what is told after the last word."""
        self._between = min(self._between, _TAIL_SECONDS)
        self._limit = None

    async def until(self, awaitable: Awaitable[T]) -> T:
        """Return what is awaited, or raise the error of the limit that was met."""
        scope = asyncio.timeout_at(self._next())
        try:
            async with scope:
                return await awaitable
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise self._expire() from error

    @contextmanager
    def watching(self, close: Callable[[], None]) -> Iterator[None]:
        """Call ``close`` when a ``wait`` takes too long, in the block."""
        self._close = close
        try:
            yield
        finally:
            self._close = None
            if self._timer is not None:
                self._timer.cancel()

    def wait(self) -> None:
        """Begin to wait for the stream's next bytes; raises when there is no time left for it."""
        until = self._until = self._next()
        if self._last <= self._time():
            raise self._expire()
        if until < self._looks_at:
            self._look_at(until)

    def waited(self) -> None:
        """Wait no more: bytes came, and may take their time to be read."""
        self._until = math.inf

    def error(self) -> DeadlineExceeded | ModelUnavailable | None:
        """Return the error of the limit that was met, if one was."""
        return self._expire() if self._expired else None

    def _expire(self) -> DeadlineExceeded | ModelUnavailable:
        self._expired = True
        if self._deadline.remaining() <= 0:
            return DeadlineExceeded()
        return ModelUnavailable(f"The model at {self._host} has gone silent.")

    def _next(self) -> float:
        if self._limit is None:
            self._limit = min(self._time() + self._between, self._last)
        return self._limit

    def _look_at(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = moment
        self._timer = self._loop.call_at(moment, self._look)

    def _look(self) -> None:
        now = self._time()
        if now < self._until:
            # Nobody waits, or the limit was moved: no new one is nearer than this.
            self._look_at(min(self._until, max(now + self._between, self._looks_at)))
        elif self._close is not None:
            self._expired = True
            self._close()
