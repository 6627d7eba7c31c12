"""The home folder as one running stack's own: its lock, and its address for other commands."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from data.errors import SetupError
from data.setup_errors import HomeInUse

FOLDERS = ("run", "logs")


@contextlib.contextmanager
def owned(home: Path) -> Iterator[None]:
    """Make the home, and hold its lock; the lock's file is gone afterwards.

    Raises ``HomeInUse`` while another process holds it. The kernel lets go of it when
    this process dies, however that happens.
    """
    try:
        _prepare(home)
        lock = _locked(home / "run" / "up.lock", home)
    except OSError as error:
        raise SetupError(
            f"The home {home} can't be used ({error.strerror}): set FOOTNOTE_HOME to a folder "
            "that you may write to."
        ) from error
    try:
        yield
    finally:
        for name in ("address", "up.lock"):
            (home / "run" / name).unlink(missing_ok=True)
        os.close(lock)


def publish(home: Path, address: str) -> None:
    """Tell the other commands where this home is served."""
    target = home / "run" / "address"
    draft = target.with_suffix(".new")
    draft.write_text(address)
    draft.replace(target)


def published(home: Path) -> str | None:
    """Return the address at which this home is served, when somebody said so."""
    try:
        return (home / "run" / "address").read_text().strip() or None
    except OSError:
        return None


def emptied(folder: Path) -> Path:
    """Return the folder, made and without content."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _prepare(home: Path) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Keys, questions and files lie here; a folder that was there before may be wide open.
    home.chmod(0o700)
    for name in FOLDERS:
        (home / name).mkdir(exist_ok=True)


def _locked(path: Path, home: Path) -> int:
    """Return the descriptor that holds the lock."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise HomeInUse(_refusal(home)) from None
        # An owner that just ended may have removed the file between the two lines.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        os.close(lock)


def _refusal(home: Path) -> str:
    address = published(home)
    where = f"at {address}" if address else "and is starting or stopping"
    return (
        f"Footnote already runs on {home}, {where}. Stop it first (Ctrl-C where it runs), or set "
        "FOOTNOTE_HOME and FOOTNOTE_API__PORT for a second one."
    )
