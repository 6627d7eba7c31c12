"""Notices that Celery does not hear the bell: a consumer can be deaf while its process lives."""

import time
from collections.abc import Callable
from typing import Protocol

from data.errors import FootnoteError

# A worker that claimed a job so lately is not idle, though it may hold none just now.
LATELY_SECONDS = 10.0


class Broker(Protocol):
    """What rings are sent through (workers/queue.py)."""

    def check(self) -> None:
        """Raise ``BrokerUnavailable`` unless it answers."""
        ...


class Watchdog:
    """Looks every few seconds, and judges by what was so at every look for long enough.

    A worker is deaf when it holds no job and takes none while there are some, and when that is
    not for want of a catalogue or a broker.
    """

    def __init__(
        self,
        is_idle: Callable[[str, float], bool],
        broker: Broker,
        worker: str,
        seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_idle = is_idle
        self._broker = broker
        self._worker = worker
        self._seconds = seconds
        self._now = now
        self._since: float | None = None
        self._looked_at = now()

    def forget(self) -> None:
        """Begin anew: what was seen so far had another reason."""
        self._since = None

    def is_deaf(self) -> bool:
        """Look, and return whether the worker is deaf. To be asked every few seconds."""
        now, before = self._now(), self._looked_at
        self._looked_at = now
        # This process itself was stopped, or asleep: so was Celery.
        was_away = now - before > self._seconds / 2
        if was_away or not self._looks_deaf():
            self._since = None
            return False
        self._since = now if self._since is None else self._since
        return now - self._since >= self._seconds

    def _looks_deaf(self) -> bool:
        try:
            if not self._is_idle(self._worker, min(LATELY_SECONDS, self._seconds)):
                return False
            self._broker.check()
        except FootnoteError:
            return False
        return True
