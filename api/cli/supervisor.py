"""Keeps a handful of programs running, and leaves none behind."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from api.cli import logfiles
from api.cli.child import Child
from api.cli.program import Pace, Program
from data.setup_errors import ProgramFailed
from data.signals import Signals

# While something is not ready yet, and afterwards (a child's end wakes us at once).
BUSY_SECONDS = 0.05
CALM_SECONDS = 30.0


class Supervisor:
    """Start programs in their order, start again what dies, stop all in reverse.

    Only for the main thread, and only for the holder of the home's lock.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        home: Path,
        signals: Signals,
        announce: Callable[[str], None],
        pace: Pace | None = None,
    ) -> None:
        self._children = [Child(program, home) for program in programs]
        self._signals = signals
        self._announce = announce
        self._pace = pace or Pace()

    @property
    def took(self) -> dict[str, float]:
        """How long each program that was ready took until then."""
        return {c.program.name: c.took for c in self._children if c.took is not None}

    def run(self, when_ready: Callable[[], None]) -> None:
        """Run everything until a signal asks to stop; call ``when_ready`` once.

        Raises ``ProgramFailed`` when something can't start at all. Nothing runs afterwards.
        """
        announced = False
        try:
            while not self._signals.stopping:
                self._collect()
                self._start()
                if not announced and self._all_ready():
                    announced = True
                    when_ready()
                    continue
                self._signals.wait(self._pause())
        finally:
            self._stop()

    def _start(self) -> None:
        """Start what is due, and look which of the others are ready."""
        waited_for = {child.program.name for child in self._children if not child.was_ready}
        for child in self._children:
            child.look()
            if child.running or child.finished or child.idle_seconds:
                continue
            if child.program.foreground and not self._all_ready():
                continue
            if waited_for.isdisjoint(child.program.after):
                self._attempt(child)

    def _attempt(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:  # no more processes, or no more memory: the others go on
            pause = child.postpone(self._pace)
            self._announce(f"{child.program.name} can't be started ({error}): again in {pause:g} s")

    def _collect(self) -> None:
        """Take note of what ended since the last look."""
        for child in self._children:
            logfiles.trim(child.log)
            status = child.collect()
            if status is None or child.finished:
                continue
            if child.program.foreground:
                child.finished = True
            elif child.program.once:
                raise self._failure(child, status)
            else:
                self._revive(child, status)

    def _revive(self, child: Child, status: int) -> None:
        name = child.program.name
        pause = child.postpone(self._pace)
        hopeless = child.deaths >= self._pace.hopeless
        if hopeless and not child.was_ready:
            raise self._failure(child, status)
        self._announce(f"{name} ended ({_told(status)}): starting it again in {pause:g} s")
        if hopeless:
            self._announce(f"the last lines of {child.log}:\n{logfiles.tail(child.log)}")

    def _failure(self, child: Child, status: int) -> ProgramFailed:
        return ProgramFailed(
            f"{child.program.name} does not start ({_told(status)}). "
            f"The last lines of {child.log}:\n{logfiles.tail(child.log)}"
        )

    def _all_ready(self) -> bool:
        return all(c.was_ready for c in self._children if not c.program.foreground)

    def _pause(self) -> float:
        if not self._all_ready():
            return BUSY_SECONDS
        waits = [c.idle_seconds for c in self._children if not c.running and not c.finished]
        return min([CALM_SECONDS, *waits])

    def _stop(self) -> None:
        """Stop everything, the last program first, each within its grace.

        Those with work that takes a while hear of it at once.
        """
        for child in reversed(self._children):
            if child.program.hears_at_once:
                child.ask_to_stop()
        for child in reversed(self._children):
            deadline = time.monotonic() + child.program.grace_seconds
            if not child.program.hears_at_once:
                child.ask_to_stop()
            while child.running and child.collect() is None:
                if time.monotonic() > deadline or self._signals.impatient:
                    child.kill()
                self._signals.wait(BUSY_SECONDS)


def _told(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
