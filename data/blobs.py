"""The uploaded files in a local folder; data/remote_blobs.py has them elsewhere."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data.errors import BlobsUnavailable, NotFound, StorageFull
from data.files import sync_path, translated, used_bytes
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

    def stage(self, size: int = 0) -> Staging:
        """Start to receive a file of a size, if that is known.

        Raises ``StorageFull`` before anything is written when too little would stay free.
        """
        with translated():
            # Somebody may have removed it.
            self._staging.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(self._root).free - size < self._min_free_bytes:
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

    def copy(self, key: str, other: str) -> None:
        """Put the bytes of a file under another key, too."""
        staging = self.stage()
        try:
            for piece in self.read(key):
                staging.write(piece)
            staging.finish()
            self.keep(staging.name, other)
        finally:
            staging.close()
            self.discard(staging.name)

    def discard(self, name: str) -> None:
        """Remove a staged file, if it is still there."""
        with translated():
            (self._staging / name).unlink(missing_ok=True)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """Give a path under which the bytes can be read now."""
        path = self._path(key)
        with translated():
            is_there = path.exists()
        if not is_there:
            # Of a store that is not mounted every file is missing.
            self.check()
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
            while path.exists():
                with suppress(FileNotFoundError):  # another one removes the same
                    _remove(path)

    def check(self) -> None:
        """Raise ``BlobsUnavailable`` unless a file could be stored now."""
        if not os.access(self._staging, os.W_OK):
            raise BlobsUnavailable

    def stale_staged(self, seconds: float) -> tuple[str, ...]:
        """Return the places of staged files that nobody has written to for so long."""
        with translated():
            return tuple(
                f"{self._staging.name}/{entry.name}"
                for entry in os.scandir(self._staging)
                if _is_older(entry, seconds)
            )

    def stale_documents(self, seconds: float) -> Iterator[tuple[str, str]]:
        """Give (workspace, document) of the folders that have not changed for so long."""
        with translated():
            for workspace in os.scandir(self._root):
                if workspace.name != self._staging.name and workspace.is_dir():
                    for document in os.scandir(workspace.path):
                        if _is_older(document, seconds):
                            yield workspace.name, document.name

    def stale_versions(self, workspace: str, document: str, seconds: float) -> tuple[str, ...]:
        """Return the versions of a document whose files have not changed for so long."""
        with translated(), suppress(FileNotFoundError):  # it was removed meanwhile
            entries = os.scandir(self._path(f"{workspace}/{document}"))
            return tuple(entry.name for entry in entries if _is_older(entry, seconds))
        return ()

    def sweep(self, place: str, seconds: float) -> None:
        """Remove a file, or a folder, of this host if it still has not changed for so long."""
        path = self._root / place
        with translated(), suppress(FileNotFoundError):  # another one removes the same
            if path.stat().st_mtime < time.time() - seconds:
                _remove(path)

    def has(self, key: str) -> bool:
        """Return whether there is a file under a key."""
        return self._path(key).is_file()

    def used_bytes(self) -> int:
        """Return how many bytes the files take."""
        return used_bytes(self._root)

    def _path(self, key: str) -> Path:
        return self._root / key


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_older(entry: "os.DirEntry[str]", seconds: float) -> bool:
    try:
        return entry.stat().st_mtime < time.time() - seconds
    except FileNotFoundError:  # it was removed meanwhile
        return False
