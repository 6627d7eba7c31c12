"""The signals that a process with children lives by, as things it can wait for."""

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Whether to stop, and a wait that ends early when a child ended or a signal came."""

    def __init__(self, waker: int) -> None:
        self._waker = waker
        self._asked = 0

    @property
    def stopping(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked > 0

    @property
    def impatient(self) -> bool:
        """Whether somebody asked a second time."""
        return self._asked > 1

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or as soon as any signal arrives."""
        if select.select([self._waker], [], [], seconds)[0]:
            os.read(self._waker, 4096)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Remember that a signal arrived."""
        if number in STOPPING:
            self._asked += 1


@contextlib.contextmanager
def heeded() -> Iterator[Signals]:
    """Yield the signals of this process; what was set before is set again afterwards.

    Only for the main thread.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signals = Signals(reader)
    # A hang-up that nohup silenced stays silent.
    silent = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    numbers = [signal.SIGCHLD, *STOPPING[: 2 if silent else 3]]
    before = {number: signal.signal(number, signals.note) for number in numbers}
    waker = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield signals
    finally:
        signal.set_wakeup_fd(waker)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)
