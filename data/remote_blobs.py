"""The uploaded files wherever fsspec reaches (S3, for example)."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec

from data.blobs import READ_BYTES, LocalBlobs
from data.errors import BlobsUnavailable, FootnoteError, NotFound
from data.files import translated


class RemoteBlobs(LocalBlobs):
    """Files behind an fsspec address; only what is being received lies on this host."""

    def __init__(self, url: str, folder: Path, min_free_bytes: int) -> None:
        super().__init__(folder, min_free_bytes)
        with translated():
            # Other hosts write, too: what was there a moment ago says nothing.
            found = fsspec.core.url_to_fs(url, use_listings_cache=False)
            self._files, self._prefix = found

    def keep(self, name: str, key: str) -> None:
        """Send a finished staged file to its key."""
        staged = self._staging / name
        if not staged.exists():
            raise NotFound("The file is not in the store.")
        with _answered():
            self._files.makedirs(self._remote(key).rpartition("/")[0], exist_ok=True)
            try:
                self._files.put_file(str(staged), self._remote(key))
            except FileNotFoundError as error:  # the bucket
                raise BlobsUnavailable from error
            staged.unlink()

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """Fetch the file for as long as it is read."""
        copy = self._staging / secrets.token_hex(16)
        try:
            with _answered():
                self._files.get_file(self._remote(key), str(copy))
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def read(self, key: str) -> Iterator[bytes]:
        """Give the bytes of a file, piece by piece."""
        with _answered(), self._files.open(self._remote(key), "rb") as file:
            while piece := file.read(READ_BYTES):
                yield piece

    def delete(self, prefix: str) -> None:
        """Remove everything under a key or a folder of keys; nothing there is fine."""
        with _answered():
            if self._files.exists(self._remote(prefix)):
                self._files.rm(self._remote(prefix), recursive=True)

    def check(self) -> None:
        """Raise ``BlobsUnavailable`` unless the store answers."""
        super().check()
        with _answered():
            self._files.exists(self._prefix)

    def stale_documents(self, seconds: float) -> Iterator[tuple[str, str]]:  # noqa: ARG002 - as its base
        """Give nothing: not every remote store tells how old a file is."""
        yield from ()

    def has(self, key: str) -> bool:
        """Return whether there is a file under a key."""
        with _answered():
            return bool(self._files.isfile(self._remote(key)))

    def used_bytes(self) -> int:
        """Return how many bytes the files take."""
        with _answered():
            return int(self._files.du(self._prefix)) if self._files.exists(self._prefix) else 0

    def _remote(self, key: str) -> str:
        return f"{self._prefix.rstrip('/')}/{key}"


@contextmanager
def _answered() -> Iterator[None]:
    """Turn every error of the store's own library into ours."""
    try:
        with translated():
            yield
    except FootnoteError:
        raise
    # fsspec translates what a server says, but each library has its own words for silence.
    except Exception as error:
        raise BlobsUnavailable from error
