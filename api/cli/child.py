"""A program while it runs under a supervisor."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from api.cli import leash, leftovers, logfiles
from api.cli.program import Pace, Program
from data.settings import child_environment


class Child:
    """One program: its process, whether it was ready, and when it may start again.

    Started from the main thread only: the kernel ends it when that thread ends.
    """

    def __init__(self, program: Program, home: Path) -> None:
        self.program = program
        self.log = home / "logs" / f"{program.name}.log"
        self.deaths = 0
        # Seconds from the first start until it was ready.
        self.took: float | None = None
        self.finished = False
        self._home = home
        self._mark = leftovers.mark_of(home, program.name)
        self._note = home / "run" / f"{program.name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._due = 0.0

    @property
    def running(self) -> bool:
        """Whether it has a process (which may have ended since)."""
        return self._process is not None

    @property
    def was_ready(self) -> bool:
        """Whether it was ready at least once."""
        return self.took is not None

    @property
    def idle_seconds(self) -> float:
        """How long until it may start again."""
        return max(0.0, self._due - time.monotonic())

    def start(self) -> None:
        """Start the process, in a process group of its own and in this session.

        (In a session of its own its niceness would mean nothing: the kernel's autogroups.)
        """
        program = self.program
        tie = (sys.executable, "-I", "-S", leash.__file__)
        limits = (str(os.getpid()), str(program.niceness), str(program.files))
        with logfiles.opened(self.log) as log:
            self._process = subprocess.Popen(  # noqa: S603 - commands of our own making
                [*tie, *limits, *program.command],
                stdin=subprocess.DEVNULL,
                stdout=None if program.foreground else log,
                stderr=None if program.foreground else log,
                env=child_environment(**program.environment, **{leftovers.MARK: self._mark}),
                process_group=0,
            )
        self._began = time.monotonic()
        with contextlib.suppress(OSError):  # a full disk: its mark tells as much
            leftovers.note(self._note, self._process.pid)

    def look(self) -> None:
        """Find out whether it is ready, until it was."""
        if self.was_ready or not self.running or self.program.once:
            return
        if self.program.ready():
            self.took = time.monotonic() - self._began

    def collect(self) -> int | None:
        """Return the status of a process that ended, and end what it left; None: it runs."""
        if self._process is None or not self._ended(self._process):
            return None
        # Before the id is given back: until then the group can't be another one's.
        self._signal(signal.SIGKILL)
        status = self._process.wait()
        leftovers.kill(self._mark)
        self._note.unlink(missing_ok=True)
        self._process = None
        if self.program.once and status == 0:
            self.finished = True
            self.took = time.monotonic() - self._began
        return status

    def postpone(self, pace: Pace) -> float:
        """Count a death, and return the seconds until the next start."""
        ran = time.monotonic() - self._began
        self.deaths = 1 if ran > pace.forgotten_after_seconds else self.deaths + 1
        pause = pace.pause(self.deaths)
        self._due = time.monotonic() + pause
        return pause

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process; it ends its own children."""
        if self._process is not None:
            # Not its own terminate(), which would give back the id of one that has ended.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the process and everything in its group."""
        if self._process is not None:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    @staticmethod
    def _ended(process: subprocess.Popen[bytes]) -> bool:
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return process.poll() is not None
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, process.pid, options) is not None
