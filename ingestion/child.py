"""The parent's handle on one parser process: ask, wait so long, and be sure that it ends."""

import fcntl
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from ingestion.parsers.frames import Frame, encoded, frame_in

ROOT = Path(__file__).resolve().parent.parent
PARSER = (sys.executable, "-P", "-m", "ingestion.parsers")
# Nothing of the parent's environment: the child reads hostile files and needs no secrets. More
# threads than one would only reserve memory that counts against its limit.
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
# Read this much at once, and have the pipe hold it: a parser goes on while others are waited for.
_READ = 1 << 20
# While waiting, look this often whether anybody still wants the answer.
TICK_SECONDS = 0.5


class ChildHung(Exception):
    """The child did not answer in time."""


class ChildDied(Exception):
    """The child is gone."""


class ChildRaved(ChildDied):
    """The child says what no parser says."""


class Ending(NamedTuple):
    """How a child ended: its exit code (a signal is negative) and its largest resident size.

    The size is 0 where it never grew beyond what its parent had, and so is not known.
    """

    code: int
    peak_bytes: int


class Child:
    """A parser process. It dies with the thread that started it, and with ``end``."""

    def __init__(self, command: Sequence[str], *, frame_limit: int) -> None:
        self._frame_limit = frame_limit
        self._received = bytearray()
        self._ending: Ending | None = None
        # A group of its own: a Ctrl-C for the parent is the parent's to handle.
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            process_group=0,
        )
        _widen(self._process.stdout)
        # Linux counts the parent's size at the start into the child's largest one.
        self._inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs. One that has ended keeps how it ended for ``end``."""
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is None

    def ask(self, frame: Frame) -> None:
        """Send a request, or raise ``ChildDied``."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encoded(frame))
        except OSError as error:
            raise ChildDied from error

    def answer(self, seconds: float, check: Callable[[], None]) -> Frame:
        """Return the next frame, or raise ``ChildHung`` or ``ChildDied``.

        Calls ``check`` after each half second without a word, but for the last one; what it
        raises ends the waiting.
        """
        assert self._process.stdout is not None
        readable = select.poll()
        readable.register(self._process.stdout, select.POLLIN)
        left = seconds
        while (frame := self._received_frame()) is None:
            if left <= 0:
                raise ChildHung
            started = time.monotonic()
            came = readable.poll(min(left, TICK_SECONDS) * 1000)
            # No more than that: while this process itself was stopped, so was the child's clock.
            left -= min(time.monotonic() - started, TICK_SECONDS)
            if came:
                self._receive()
            elif left > 0:
                check()
        return frame

    def _receive(self) -> None:
        assert self._process.stdout is not None
        data = os.read(self._process.stdout.fileno(), _READ)
        if not data:
            raise ChildDied
        self._received += data

    def _received_frame(self) -> Frame | None:
        try:
            return frame_in(self._received, self._frame_limit)
        except (ValueError, RecursionError) as error:
            raise ChildRaved from error

    def end(self) -> Ending:
        """Kill the process if it still runs, and return how it ended. Safe to call again."""
        if self._ending is None:
            self._ending = self._killed()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        return self._ending

    def _killed(self) -> Ending:
        """Kill the process and wait for it.

        One that is on its way out keeps its own exit code: that was set before its pipes closed.
        """
        try:
            # Not Popen.kill, which may reap it: its peak size would be lost.
            os.kill(self._process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(self._process.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            # Someone else has reaped it; how it ended is not known.
            self._process.returncode = 1
            return Ending(1, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        own = usage.ru_maxrss if usage.ru_maxrss > self._inherited else 0
        return Ending(self._process.returncode, own * 1024)


def _widen(pipe: IO[bytes] | None) -> None:
    assert pipe is not None
    # Only Linux can, and only while its user has not used up what pipes may hold.
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _READ)
