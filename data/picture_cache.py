"""Drawn pages, kept on the disk of this host for as long as there is room."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

_CHECKSUM_BYTES = 4
# What a file takes beside its bytes.
_ENTRY_BYTES = 4096
# A draft that is older was left behind by a process that died.
_DRAFT_SECONDS = 600.0


class PictureAddress(NamedTuple):
    """Whose picture it is, and which of them."""

    document_id: str
    version: int
    # Made by us, and fit for a file's name.
    name: str


class _Entry(NamedTuple):
    used_at: float
    bytes: int
    path: Path


class PictureCache:
    """A bounded folder of pictures; those that nobody asked for the longest go first.

    Several processes may use one folder. It never fails: a disk that is full or away is a cache
    that has nothing. Whoever reads from it asks the catalogue first whether that may be seen.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def get(self, address: PictureAddress, max_age_seconds: float | None = None) -> bytes | None:
        """Return what was put there, if it is still there and whole."""
        path = self._path(address)
        with suppress(OSError):
            kept, found = path.read_bytes(), path.stat()
            # After a power cut a file may have other bytes, or none.
            if kept[:_CHECKSUM_BYTES] != _checksum(kept[_CHECKSUM_BYTES:]):
                path.unlink()
                return None
            if max_age_seconds is not None and found.st_mtime < time.time() - max_age_seconds:
                return None
            # The last use is told here: file systems do not always note it by themselves.
            os.utime(path, ns=(time.time_ns(), found.st_mtime_ns))
            return kept[_CHECKSUM_BYTES:]
        return None

    def put(self, address: PictureAddress, picture: bytes) -> None:
        """Keep a picture, in place of others where there is no more room."""
        path = self._path(address)
        draft = self._folder / f".{secrets.token_hex(16)}"
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                draft.write_bytes(_checksum(picture) + picture)
                draft.rename(path)
            finally:
                draft.unlink(missing_ok=True)
        self._make_room()

    def versions(self) -> set[tuple[str, int]]:
        """Return the (document, version) of all pictures."""
        found = set()
        for entry in self._entries():
            with suppress(ValueError):
                version = int(entry.path.name.partition("-")[0])
                found.add((entry.path.parent.name, version))
        return found

    def forget(self, document_id: str, version: int) -> None:
        """Remove the pictures of a version."""
        folder = self._folder / document_id
        for path in _inside(folder):
            if path.name.startswith(f"{version}-"):
                with suppress(OSError):
                    path.unlink()
        with suppress(OSError):  # there are others
            folder.rmdir()

    def sweep(self) -> None:
        """Remove what processes that died were writing."""
        for path in _inside(self._folder):
            with suppress(OSError):
                if path.name[0] == "." and path.stat().st_mtime < time.time() - _DRAFT_SECONDS:
                    path.unlink()

    def _make_room(self) -> None:
        entries = sorted(self._entries())
        over = sum(entry.bytes for entry in entries) - self._max_bytes
        for entry in entries:
            if over <= 0:
                break
            with suppress(OSError):
                entry.path.unlink()
            over -= entry.bytes

    def _entries(self) -> Iterator[_Entry]:
        for folder in _inside(self._folder):
            for path in _inside(folder):
                with suppress(OSError):  # it was removed meanwhile
                    found = path.stat()
                    yield _Entry(found.st_atime, found.st_size + _ENTRY_BYTES, path)

    def _path(self, address: PictureAddress) -> Path:
        return self._folder / address.document_id / f"{address.version}-{address.name}"


def _inside(folder: Path) -> list[Path]:
    with suppress(OSError):  # there is none, or it is a draft
        return list(folder.iterdir())
    return []


def _checksum(picture: bytes) -> bytes:
    return crc32(picture).to_bytes(_CHECKSUM_BYTES, "big")
