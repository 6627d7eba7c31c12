"""The uploaded files in a local folder; data/remote_blobs.py has them elsewhere."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

from data.errors import BlobsUnavailable, NotFound, StorageFull
from data.files import sync_path, translated
from data.staging import Staging

READ_BYTES = 1024 * 1024


class LocalBlobs:
    """Files under a folder, each fsynced with its folder before it counts."""

    def __init__(self, root: Path, min_free_bytes: int) -> None:
        self._root = root
        self._min_free_bytes = min_free_bytes
        self._staging = root / ".staging"
        with translated():
            self._staging.mkdir(parents=True, exist_ok=True, mode=0o700)

    def stage(self) -> Staging:
        """Start to receive a file; ``StorageFull`` before anything is written."""
        with translated():
            if shutil.disk_usage(self._root).free < self._min_free_bytes:
                raise StorageFull
            return Staging(self._staging / secrets.token_hex(16))

    def keep(self, name: str, key: str) -> None:
        """Move a finished staged file to its key, for good."""
        target = self._path(key)
        with translated():
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._staging / name).rename(target)
            for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
                sync_path(folder)

    def discard(self, name: str) -> None:
        """Remove a staged file, if it is still there."""
        with translated():
            (self._staging / name).unlink(missing_ok=True)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """Give a path under which the bytes can be read now."""
        path = self._path(key)
        if not path.exists():
            raise NotFound("The file is not in the store.")
        yield path

    def read(self, key: str) -> Iterator[bytes]:
        """Give the bytes of a file, piece by piece."""
        with translated(), self._path(key).open("rb") as file:
            while piece := file.read(READ_BYTES):
                yield piece

    def delete(self, prefix: str) -> None:
        """Remove everything under a key or a folder of keys; nothing there is fine."""
        path = self._path(prefix)
        with translated():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise ``BlobsUnavailable`` unless a file could be stored now."""
        if not os.access(self._staging, os.W_OK):
            raise BlobsUnavailable

    def stale_staged(self, seconds: float) -> tuple[str, ...]:
        """Return the staged files that nobody has written to for so long."""
        with translated():
            return tuple(
                entry.name for entry in os.scandir(self._staging) if _is_older(entry, seconds)
            )

    def stale_documents(self, seconds: float) -> Iterator[tuple[str, str]]:
        """Give (workspace, document) of the folders that have not changed for so long."""
        with translated():
            for workspace in os.scandir(self._root):
                if workspace.name != self._staging.name and workspace.is_dir():
                    for document in os.scandir(workspace.path):
                        if _is_older(document, seconds):
                            yield workspace.name, document.name

    def used_bytes(self) -> int:
        """Return how many bytes the files take."""
        total = 0
        for path in self._root.rglob("*"):
            with suppress(FileNotFoundError):  # it was removed meanwhile
                found = path.stat()
                total += found.st_size if S_ISREG(found.st_mode) else 0
        return total

    def _path(self, key: str) -> Path:
        return self._root / key


def _is_older(entry: "os.DirEntry[str]", seconds: float) -> bool:
    try:
        return entry.stat().st_mtime < time.time() - seconds
    except FileNotFoundError:  # it was removed meanwhile
        return False
