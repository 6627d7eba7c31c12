"""Whether an endpoint is asked at all: not for a while after it failed several times in a row."""

import math
import random
import time
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Self

from data.errors import ModelUnavailable
from data.model_settings import ModelSettings

# Nobody knows how long another one's probe takes; most models say something by then.
_PROBE_SECONDS = 2.0


class Circuit(Enum):
    """How an endpoint stands, as a number for a gauge."""

    CLOSED = 0.0
    # Its time is over: one question is let through to try it.
    HALF_OPEN = 0.5
    OPEN = 1.0


Changed = Callable[[Circuit], None]


def ignored(state: Circuit) -> None:
    """Tell nobody."""


class Breaker:
    """Lets calls through to an endpoint while it works, one at a time to see whether it does."""

    def __init__(
        self,
        host: str,
        settings: ModelSettings,
        changed: Changed = ignored,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._settings = settings
        self._changed = changed
        self._clock = clock
        self._failures = 0
        self._broken = False
        self._open_until = 0.0
        self._rest_until = 0.0
        self._probe: Call | None = None
        changed(Circuit.CLOSED)

    @property
    def state(self) -> Circuit:
        """How it stands now."""
        now = self._clock()
        if now < max(self._open_until, self._rest_until):
            return Circuit.OPEN
        return Circuit.HALF_OPEN if self._broken else Circuit.CLOSED

    @property
    def is_broken(self) -> bool:
        """Whether failures opened it; one answer has to come before it is closed."""
        return self._broken

    @property
    def rest_seconds(self) -> float:
        """For how long the endpoint asked to be left alone; 0 when it did not."""
        return max(0.0, self._rest_until - self._clock())

    def call(self, excuse: Callable[[], bool] = lambda: False) -> "Call":
        """Return the right to one call, or raise ``ModelUnavailable`` at once.

        ``excuse`` is asked at its end whether a failure does not speak against the endpoint.
        """
        away = max(self._open_until, self._rest_until) - self._clock()
        if away <= 0 and self._probe is not None:
            away = _PROBE_SECONDS
        if away > 0:
            raise ModelUnavailable(
                f"The model at {self._host} failed lately and is left alone for a moment.",
                retry_after_seconds=math.ceil(away),
            )
        call = Call(self, excuse)
        if self._broken:
            self._probe = call
            self._changed(Circuit.HALF_OPEN)
        return call

    def rest(self, seconds: float) -> None:
        """Leave the endpoint alone, as it asked: every question of this process does."""
        self._rest_until = max(self._rest_until, self._clock() + seconds)

    def note_text(self, call: "Call") -> None:
        """Note that a call brought text (for ``Call``). Its next failure opens the circuit."""
        if call is self._probe:
            self._close(self._settings.breaker_failures - 1)

    def note_end(self, call: "Call", *, failed: bool | None) -> None:
        """Note how a call ended (for ``Call``); None says nothing about the endpoint."""
        probed = call is self._probe
        if probed:
            self._probe = None
        if self._broken and not probed:
            return  # it began before the circuit was opened
        if failed:
            self._failures += 1
            if probed or self._failures >= self._settings.breaker_failures:
                self._open()
        elif failed is False:
            self._close(0)
        elif probed:
            self._changed(Circuit.OPEN)

    def _open(self) -> None:
        # Several processes should not all try it in the same moment.
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
        self._open_until = self._clock() + self._settings.breaker_seconds * jitter
        self._broken = True
        self._changed(Circuit.OPEN)

    def _close(self, failures: int) -> None:
        self._failures = failures
        self._probe = None
        if self._broken:
            self._broken = False
            self._changed(Circuit.CLOSED)


class Call:
    """One call of an endpoint, as a context: it tells the breaker how it ended.

    ``ModelUnavailable`` speaks against the endpoint; a client that left and a deadline do not.
    """

    def __init__(self, breaker: Breaker, excuse: Callable[[], bool]) -> None:
        self._breaker = breaker
        self._excuse = excuse
        # Unless an error says something else.
        self._failed: bool | None = False

    def brought_text(self) -> None:
        """Note that the endpoint answers."""
        self._breaker.note_text(self)

    def refused(self, *, counts: bool) -> None:
        """Note that there is no answer; it counts unless that was our request's fault."""
        self._failed = True if counts else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        failed = self._failed
        if kind is not None:
            counts = issubclass(kind, ModelUnavailable) and not self._excuse()
            failed = True if counts else None
        self._breaker.note_end(self, failed=failed)
