"""Ports that this process holds for the servers that it starts."""

import errno
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

from data.setup_errors import PortTaken


def reserve(host: str, port: int, holder: ExitStack) -> int:
    """Hold a port until ``holder`` closes and return its number; 0 stands for any free one.

    Raises ``PortTaken``. The socket is bound and never listens: Linux lets a server of
    ours bind the same port (both say SO_REUSEADDR), and gives it to nobody else.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform == "linux":
        holder.callback(held.close)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
    except OSError as error:
        held.close()
        raise _refusal(error, host, port) from error
    number: int = held.getsockname()[1]
    if sys.platform != "linux":
        # Elsewhere a bound socket would keep our own server out: only look.
        held.close()
    return number


def remembered(host: str, note: Path, holder: ExitStack) -> int:
    """Hold the port that ``note`` names, or any free one when it is taken, and note it."""
    try:
        number = reserve(host, noted(note) or 0, holder)
    except (OSError, OverflowError, PortTaken):
        number = reserve(host, 0, holder)
    note.write_text(str(number))
    return number


def noted(note: Path) -> int | None:
    """Return the port that a note names, if there is one."""
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return None


def _refusal(error: OSError, host: str, port: int) -> PortTaken:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(
            f"Port {port} is in use by another program: set FOOTNOTE_API__PORT to another one, "
            "or to 0 for any free one."
        )
    reason = error.strerror or str(error)
    return PortTaken(
        f"Footnote can't listen at {host} port {port} ({reason}): check FOOTNOTE_API__HOST and "
        "FOOTNOTE_API__PORT."
    )
