"""Zip files of strangers: how much is in them is known before any of it is unpacked."""

import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Self

from data.file_errors import PasswordRequired, UnreadableFile

# Of the list of what is in a file: about 100,000 names. Python takes ten times as much for it.
_MOST_LISTED_BYTES = 8 << 20
# Unpacked, all parts together. Text shrinks to a tenth; an upload has 200 MiB at the defaults.
MOST_BYTES = 1 << 30
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_LONGEST_TAIL = 22 + 0xFFFF
_IS_ENCRYPTED = 1
ENCRYPTED = (
    "The file is encrypted, and its password can't be used here. Save it without a password, "
    "then upload it again."
)


class Archive:
    """A zip file whose parts can be read, each into memory.

    Raises ``UnreadableFile`` for what is no whole zip file or unpacks to too much, and
    ``PasswordRequired`` when its parts are encrypted.
    """

    def __init__(self, path: Path) -> None:
        if listed_bytes(path) > _MOST_LISTED_BYTES:
            raise UnreadableFile("The file has too many parts.")
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise UnreadableFile from error
        parts = self._zip.infolist()
        if any(part.flag_bits & _IS_ENCRYPTED for part in parts):
            raise PasswordRequired(ENCRYPTED)
        if sum(part.file_size for part in parts) > MOST_BYTES:
            raise UnreadableFile(
                f"The file unpacks to more than {MOST_BYTES >> 30} GiB, which no document does."
            )
        self.names = frozenset(part.filename for part in parts)

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """Return a part, up to so many bytes of it; raises ``UnreadableFile``."""
        try:
            # More than a part declares is never unpacked of it.
            most = min(most, self._zip.getinfo(name).file_size)
            with self._zip.open(name) as part:
                return part.read(most)
        except (KeyError, EOFError, RuntimeError, ValueError, struct.error) as error:
            raise UnreadableFile from error
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError) as error:
            raise UnreadableFile from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


def listed_bytes(path: Path) -> int:
    """Return how long a zip file says that its list of parts is; raises ``UnreadableFile``."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _LONGEST_TAIL))
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) - at < 22:
            raise UnreadableFile
        listed: int = struct.unpack_from("<I", tail, at + 12)[0]
        if at >= 20 and tail.startswith(_LOCATOR_64, at - 20):
            file.seek(min(struct.unpack_from("<Q", tail, at - 12)[0], size))
            record = file.read(56)
            if len(record) < 56 or not record.startswith(_END_64):
                raise UnreadableFile
            listed = max(
                listed if listed < 0xFFFFFFFF else 0, struct.unpack_from("<Q", record, 40)[0]
            )
        return listed
