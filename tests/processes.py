"""What tests want to know of processes."""

import time
from pathlib import Path


def is_gone(pid: int) -> bool:
    """Wait for a process that is no child of ours; one that nobody reaps counts as gone."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
