"""Parser processes that have loaded what they need and wait for a file."""

from collections.abc import Sequence
from contextlib import suppress
from threading import Lock

from ingestion.child import PARSER, Child


class Spares:
    """Gives a process at once, where starting one takes a tenth of a second.

    Each is given once and reads one file: nothing of a file stays for the next.
    """

    def __init__(self, frame_limit: int, count: int, command: Sequence[str] = PARSER) -> None:
        self._frame_limit = frame_limit
        self._count = count
        self._command = command
        self._waiting: list[Child] = []
        self._lock = Lock()

    def take(self) -> Child:
        """Return a process that waits, else a new one; raises ``OSError`` when none starts."""
        with self._lock:
            while self._waiting:
                child = self._waiting.pop()
                if child.is_alive:
                    return child
                child.end()
        return Child(self._command, frame_limit=self._frame_limit)

    def refill(self) -> None:
        """Start what is missing. They die with the thread that calls this.

        Without an error when none can be started: they only save time.
        """
        with self._lock, suppress(OSError):
            while len(self._waiting) < self._count:
                self._waiting.append(Child(self._command, frame_limit=self._frame_limit))

    def close(self) -> None:
        """End those that wait."""
        with self._lock:
            while self._waiting:
                self._waiting.pop().end()
