"""Chroma's folders against its own database: a dropped collection leaves its files behind."""

import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from data.audit.findings import Finding
from data.errors import IndexUnavailable

SETTLING_SECONDS = 3.0


class FoldersAudit:
    """Looks at the folder of a local Chroma server, which may be running."""

    def __init__(self, folder: Path, settling_seconds: float = SETTLING_SECONDS) -> None:
        self._folder = folder
        self._settling_seconds = settling_seconds
        self.compared: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """Give the folders of vectors that no collection has."""
        suspects = self._orphans()
        if suspects:  # one of them may be going just now
            time.sleep(self._settling_seconds)
        for name in sorted(suspects & self._orphans()):
            yield Finding(
                "index_folder_orphaned",
                f"The folder {name} of the vector index belongs to no collection.",
                {"folder": name},
                partial(self._remove, name),
            )

    def _orphans(self) -> set[str]:
        # Folders before rows: a row is there before its folder.
        names = {path.name for path in self._folder.glob("*-*-*-*-*") if _is_vectors(path)}
        self.compared["index folders"] = len(names)
        return names - self._known() if names else set()

    def _known(self) -> set[str]:
        address = f"file:{quote(str(self._folder / 'chroma.sqlite3'))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=10)) as database:
                return {str(row[0]) for row in database.execute("SELECT id FROM segments")}
        except sqlite3.Error as error:
            raise IndexUnavailable("The vector index's own database can't be read.") from error

    def _remove(self, name: str) -> None:
        if name not in self._known():
            shutil.rmtree(self._folder / name, ignore_errors=True)


def _is_vectors(path: Path) -> bool:
    try:
        return str(UUID(path.name)) == path.name and path.is_dir() and not path.is_symlink()
    except ValueError:
        return False
