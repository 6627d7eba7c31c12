"""How soon a second start is ready, and how much memory each process keeps."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.baseline import Baseline
from tests.running_stack import RunningStack


def measure(_pdfs: Path, _baseline: Baseline | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        with RunningStack(Path(folder)) as stack:
            first = stack.seconds_to_ready
        with stack:
            second = stack.seconds_to_ready
            memory = resident_mib(stack)
    return {
        "first start: seconds to ready": round(first, 1),
        "second start: seconds to ready": round(second, 1),
        "resident memory, MiB": memory,
        "resident memory of all, MiB": sum(int(line.split()[0]) for line in memory),
    }


def resident_mib(stack: RunningStack) -> list[str]:
    """Return the resident memory of each process with the start of its command line."""
    lines = []
    for pid, command in sorted(stack.processes().items()):
        status = Path(f"/proc/{pid}/status").read_text()
        kib = next(int(line.split()[1]) for line in status.splitlines() if line[:6] == "VmRSS:")
        lines.append(f"{kib // 1024} {_short(command)}")
    return lines


def _short(command: str) -> str:
    words = [word.rpartition("/")[2] for word in command.split()]
    return " ".join(words[:6])
