"""The log files of the supervised programs: bounded, and read back when one keeps dying."""

import contextlib
import shutil
from pathlib import Path
from typing import IO

LIMIT_BYTES = 10 * 1024 * 1024


def opened(path: Path) -> IO[bytes]:
    """Open a log file to append to; one that is too long becomes ``….1`` first."""
    trim(path)
    return path.open("ab")


def trim(path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Move what a log file holds to ``….1`` when it is over the limit.

    Safe while a program appends to it: the file stays the same one and becomes empty.
    """
    # A full disk must not end the supervisor; what was copied of the log then does not matter.
    with contextlib.suppress(OSError):
        if path.stat().st_size > limit_bytes:
            shutil.copyfile(path, path.with_name(f"{path.name}.1"))
            with path.open("r+b") as file:
                file.truncate(0)


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log file, without what would move a terminal's cursor."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    kept = [line for line in text.splitlines() if line.strip()][-lines:]
    return "\n".join("".join(c for c in line if c.isprintable()) for line in kept)
