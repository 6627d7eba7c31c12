"""A file while it is being received."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from data.files import translated


class Staging:
    """A file that is being received: hashed while it is written, not yet anybody's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("xb")
        self._hash = hashlib.sha256()
        self.bytes = 0
        # The first bytes: many a file that can't be read is told by them.
        self.head = b""

    @property
    def path(self) -> Path:
        """Where the bytes are, to be looked at once it is finished."""
        return self._path

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
