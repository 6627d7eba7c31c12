"""A file that tells how much of it was read."""

import io
from collections.abc import Callable
from pathlib import Path

Told = Callable[[int, int], None]


class Counted(io.BufferedReader):
    """A file opened to be read; after each read ``told`` gets the bytes until there, and all."""

    def __init__(self, path: Path, told: Told) -> None:
        super().__init__(io.FileIO(path))
        self._total = path.stat().st_size
        self._told = told

    def read(self, size: int | None = -1, /) -> bytes:
        """Read from the file, and tell."""
        piece = super().read(size)
        self._told(self.tell(), self._total)
        return piece
