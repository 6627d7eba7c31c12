"""Whether a worker is to stop, as its children learn it."""

import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import mmap

_MOMENT = struct.Struct("d")


class Stopping:
    """What Celery's parent process tells its children, and what one child is told alone.

    A warm stop waits for the running task and tells the children nothing. So they look at a
    page of memory that they share with their parent; one that is forked later sees it too.
    """

    def __init__(self) -> None:
        self._shared: mmap | None = None
        self._own = 0.0

    def share(self) -> None:
        """Make the memory. To be called before any child is forked."""
        self._shared = mmap(-1, _MOMENT.size)

    def ask_all(self) -> None:
        """Have this process and its children stop."""
        if self._shared is not None and not self._shared_at:
            _MOMENT.pack_into(self._shared, 0, time.monotonic())

    @property
    def is_asked(self) -> bool:
        """Whether no new slice may begin, and a running one is to end at its next page."""
        return self.seconds > 0

    @property
    def seconds(self) -> float:
        """How long ago that was asked; 0 while it was not."""
        asked_at = self._asked_at
        # The clock is that of the whole machine, and goes on between the two looks at it.
        return max(1e-9, time.monotonic() - asked_at) if asked_at else 0.0

    @contextmanager
    def heeding_sigterm(self) -> Iterator[None]:
        """Let a SIGTERM for this child end its slice at a page, and then the child.

        (systemd sends one to every process of a service. One whose parent stops too is left to
        that.) Only for the main thread.
        """
        before = signal.signal(signal.SIGTERM, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
        if self._own and not self._shared_at:
            signal.raise_signal(signal.SIGTERM)

    def _note(self, *_: object) -> None:
        self._own = self._own or time.monotonic()

    @property
    def _asked_at(self) -> float:
        return self._shared_at or self._own

    @property
    def _shared_at(self) -> float:
        at: float = _MOMENT.unpack_from(self._shared)[0] if self._shared is not None else 0.0
        return at
