"""The uploaded files: in a local folder, or wherever fsspec reaches (S3, for example)."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

import fsspec

from data.errors import BlobsUnavailable, NotFound, StorageFull
from data.files import sync_folder, translated

READ_BYTES = 1024 * 1024


class Staging:
    """A file that is being received: hashed while it is written, not yet anybody's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("xb")
        self._hash = hashlib.sha256()
        self.bytes = 0
        # The first bytes, by which the file's type is decided.
        self.head = b""

    @property
    def name(self) -> str:
        """Under which ``keep`` and ``discard`` find it."""
        return self._path.name

    def write(self, data: bytes) -> None:
        """Append bytes, or raise ``StorageFull``."""
        with translated():
            self._file.write(data)
        self._hash.update(data)
        self.bytes += len(data)
        if len(self.head) < 1024:
            self.head += data[: 1024 - len(self.head)]

    def finish(self) -> str:
        """Put every byte on the disk, and return the SHA-256 in hexadecimal."""
        with translated():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self._hash.hexdigest()

    def close(self) -> None:
        """Stop receiving; what a full disk did not take is forgotten."""
        with suppress(OSError):
            self._file.close()


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
                sync_folder(folder)

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


class RemoteBlobs(LocalBlobs):
    """Files behind an fsspec address; only what is being received lies on this host."""

    def __init__(self, url: str, folder: Path, min_free_bytes: int) -> None:
        super().__init__(folder, min_free_bytes)
        with translated():
            self._files, self._prefix = fsspec.core.url_to_fs(url)

    def keep(self, name: str, key: str) -> None:
        """Send a finished staged file to its key."""
        staged = self._staging / name
        with translated():
            self._files.makedirs(self._remote(key).rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(staged), self._remote(key))
            staged.unlink()

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """Fetch the file for as long as it is read."""
        copy = self._staging / secrets.token_hex(16)
        try:
            with translated():
                self._files.get_file(self._remote(key), str(copy))
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def read(self, key: str) -> Iterator[bytes]:
        """Give the bytes of a file, piece by piece."""
        with translated(), self._files.open(self._remote(key), "rb") as file:
            while piece := file.read(READ_BYTES):
                yield piece

    def delete(self, prefix: str) -> None:
        """Remove everything under a key or a folder of keys; nothing there is fine."""
        with translated():
            if self._files.exists(self._remote(prefix)):
                self._files.rm(self._remote(prefix), recursive=True)

    def check(self) -> None:
        """Raise ``BlobsUnavailable`` unless the store answers."""
        super().check()
        with translated():
            self._files.exists(self._prefix)

    def used_bytes(self) -> int:
        """Return how many bytes the files take."""
        with translated():
            return int(self._files.du(self._prefix)) if self._files.exists(self._prefix) else 0

    def _remote(self, key: str) -> str:
        return f"{self._prefix.rstrip('/')}/{key}"
