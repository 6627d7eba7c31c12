"""The processes of one stack by what they do; nobody else's are ever found here."""

import contextlib
import os
import signal
import socket
from collections import defaultdict
from pathlib import Path

from tests.running_stack import RunningStack

WORKER_CHILD, WORKER_PARENT, CELERY_PARENT = "worker child", "worker parent", "celery parent"
BROKER, INDEX = "Valkey", "Chroma"
API_PROCESS, API_PARENT = "API process", "API parent"
WORKER_ROLES = (WORKER_CHILD, WORKER_PARENT, CELERY_PARENT)
SERVER_ROLES = (BROKER, INDEX, API_PROCESS, API_PARENT)


def by_role(stack: RunningStack) -> dict[str, list[int]]:
    """Return the ids of the stack's processes; a role without a process is not there."""
    lines = stack.processes()
    found: dict[str, list[int]] = defaultdict(list)
    for pid, line in lines.items():
        if role := _role(line, lines.get(parent_of(pid), "")):
            found[role].append(pid)
    return dict(found)


def _role(line: str, parent: str) -> str | None:
    if " -m celery " in line:
        return WORKER_CHILD if " -m celery " in parent else CELERY_PARENT
    if "--multiprocessing-fork" in line and " -m uvicorn " in parent:
        return API_PROCESS
    marks = {
        " -m api.cli.main worker": WORKER_PARENT,
        "valkey-server ": BROKER,
        "chroma run ": INDEX,
        " -m uvicorn ": API_PARENT,
    }
    return next((role for mark, role in marks.items() if mark in line), None)


def parent_of(pid: int) -> int:
    """Return the parent's id, or 0 when the process is gone."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])


def send(pid: int, number: signal.Signals) -> bool:
    """Send a signal, and return whether somebody was there to get it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def broker_socket(stack: RunningStack) -> Path | None:
    """Return where the stack's Valkey listens, if it runs."""
    for line in stack.processes().values():
        words = line.split()
        if "--unixsocket" in words:
            return Path(words[words.index("--unixsocket") + 1])
    return None


def ask_broker(stack: RunningStack, command: str) -> str | None:
    """Return the first line of what the stack's Valkey answers, if it does."""
    path = broker_socket(stack)
    if path is None:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2.0)
        try:
            client.connect(str(path))
            client.sendall(f"{command}\r\n".encode())
            return client.recv(1024).decode().partition("\r\n")[0]
        except OSError:
            return None
