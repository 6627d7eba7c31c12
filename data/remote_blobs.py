"""The uploaded files wherever fsspec reaches (S3, for example)."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec

from data.blobs import READ_BYTES, LocalBlobs
from data.files import translated


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

    def stale_documents(self, seconds: float) -> Iterator[tuple[str, str]]:  # noqa: ARG002 - as its base
        """Give nothing: not every remote store tells how old a file is."""
        yield from ()

    def used_bytes(self) -> int:
        """Return how many bytes the files take."""
        with translated():
            return int(self._files.du(self._prefix)) if self._files.exists(self._prefix) else 0

    def _remote(self, key: str) -> str:
        return f"{self._prefix.rstrip('/')}/{key}"
