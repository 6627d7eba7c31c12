"""Processes that a killed supervisor left behind, and proof of whose they are."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from data.settings import child_environment
from data.setup_errors import HomeInUse

PROC = Path("/proc")
# Set in the environment of everything that a supervisor starts, to what mark_of() returns.
MARK = "FOOTNOTE_SUPERVISED"


def mark_of(home: Path, program: str = "") -> str:
    """Return the mark of a program of this home, or the beginning of all of the home's marks."""
    # No mark is the beginning of another home's or program's: a quoted home has no "#".
    return f"{quote(str(home))}#" + (f"{program}#" if program else "")


def note(path: Path, pid: int) -> None:
    """Write down a process so that a later supervisor can tell whether it still runs."""
    path.write_text(json.dumps({"pid": pid, "identity": identity(pid)}))


def identity(pid: int) -> str | None:
    """Return what tells this process from a later one with the same id; None: it is gone."""
    if PROC.is_dir():
        try:
            # The program's name stands in parentheses and may hold anything.
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
    # ponytail: macOS has no /proc; the start time to a second is enough there.
    shown = subprocess.run(  # noqa: S603 - a fixed command
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env=child_environment(LC_ALL="C"),
    )
    return shown.stdout.strip() or None


def marked(mark: str) -> Iterator[int]:
    """Yield the processes of this user whose mark begins so."""
    wanted = f"{MARK}={mark}".encode()
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or another user's
            variables = (folder / "environ").read_bytes().split(b"\0")
            if any(variable.startswith(wanted) for variable in variables):
                yield int(folder.name)


def noted(run: Path) -> Iterator[int]:
    """Yield the processes that pid files name and that are still the same ones."""
    for path in run.glob("*.pid"):
        with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
            said = json.loads(path.read_text())
            if said["identity"] is not None and identity(said["pid"]) == said["identity"]:
                yield said["pid"]


def reclaim(home: Path, grace_seconds: float) -> int:
    """End everything that an earlier supervisor of this home left, and return how much it was.

    Only for the holder of the home's lock. Raises ``HomeInUse`` when something will not end.
    """
    found = _others(home)
    if not _ended(home, signal.SIGTERM, grace_seconds) and not _ended(home, signal.SIGKILL, 10.0):
        left = ", ".join(str(pid) for pid in sorted(_others(home)))
        raise HomeInUse(f"Processes of an earlier start can't be ended: {left}.")
    for path in (home / "run").glob("*.pid"):
        path.unlink(missing_ok=True)
    return len(found)


def kill(mark: str) -> None:
    """Kill at once whatever still carries this mark: the descendants of an ended child."""
    _signal(set(marked(mark)) - {os.getpid()}, signal.SIGKILL)


def _ended(home: Path, number: signal.Signals, seconds: float) -> bool:
    """Signal what an earlier supervisor left, and return whether all of it ended in time."""
    deadline = time.monotonic() + seconds
    _signal(_others(home), number)
    while _others(home):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _others(home: Path) -> set[int]:
    return {*marked(mark_of(home)), *noted(home / "run")} - {os.getpid()}


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
