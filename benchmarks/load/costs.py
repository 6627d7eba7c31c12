"""What processes cost: processor time, memory and open files, as the kernel counts them."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_LISTENS = "0A"
_LOOK_EVERY_SECONDS = 0.5


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time of the processes so far, without those that are gone."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def resident_bytes(pids: Iterable[int]) -> int:
    """Return the resident memory of the processes; what they share is counted for each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE")


def open_files(pids: Iterable[int]) -> int:
    """Return how many files and sockets the processes have open."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def connections(pids: Iterable[int], port: int) -> int:
    """Return how many connections the processes hold from or to a port of this machine."""
    inodes = {
        words[9]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if (words := line.split())[3] != _LISTENS
        and port in (int(end.rpartition(":")[2], 16) for end in words[1:3])
    }
    held = 0
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                held += str(file.readlink())[len("socket:[") : -1] in inodes
    return held


class Peak:
    """The most memory that was seen."""

    def __init__(self, resident: int) -> None:
        self.resident = resident


@asynccontextmanager
async def watched(pids: list[int]) -> AsyncIterator[Peak]:
    """Look at the memory of the processes now and then."""
    peak = Peak(resident_bytes(pids))

    async def look() -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            peak.resident = max(peak.resident, resident_bytes(pids))

    looking = asyncio.create_task(look())
    try:
        yield peak
    finally:
        looking.cancel()
        peak.resident = max(peak.resident, resident_bytes(pids))
