"""Few lines about files: those that must survive a power cut, and what they take."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

from data.errors import BlobsUnavailable, NotFound, StorageFull

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def sync_path(path: Path) -> None:
    """Put a file, or a folder's entries, on the disk: what was written or renamed there stays."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Write a small secret file as a whole, readable by its owner only."""
    _private_draft(path, text).rename(path)
    sync_path(path.parent)


def make_private(path: Path, text: str) -> None:
    """Write a small secret file unless it is there: whoever comes first decides for all."""
    draft = _private_draft(path, text)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    sync_path(path.parent)


def _private_draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


@contextmanager
def translated() -> Iterator[None]:
    """Turn the operating system's errors about files into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("The file is not in the store.") from error
    except OSError as error:
        raise (StorageFull if error.errno in FULL else BlobsUnavailable) from error


def used_bytes(*paths: Path) -> int:
    """Return how many bytes files and folders take."""
    total = 0
    for path in paths:
        for each in (path, *path.rglob("*")):
            try:
                found = each.stat()
            except FileNotFoundError:  # there is none, or it was removed meanwhile
                continue
            total += found.st_size if S_ISREG(found.st_mode) else 0
    return total
