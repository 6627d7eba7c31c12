"""The folders of a local Chroma server: a dropped collection leaves its files behind."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from data.errors import IndexUnavailable


class IndexFolders:
    """Reads the server's own database, also while the server runs."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> set[str]:
        """Return the folders that hold vectors."""
        return {path.name for path in self._root.glob("*-*-*-*-*") if _has_vectors(path)}

    def orphans(self) -> set[str]:
        """Return those of them that no collection has."""
        # Folders before rows: a row is there before its folder.
        names = self.names()
        return names - self._known() if names else set()

    def sweep(self) -> int:
        """Remove the orphans, and return how many those were."""
        found = self.orphans()
        for name in found:
            shutil.rmtree(self._root / name, ignore_errors=True)
        return len(found)

    def _known(self) -> set[str]:
        address = f"file:{quote(str(self._root / 'chroma.sqlite3'))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=10)) as database:
                return {str(row[0]) for row in database.execute("SELECT id FROM segments")}
        except sqlite3.Error as error:
            raise IndexUnavailable("The vector index's own database can't be read.") from error


def _has_vectors(path: Path) -> bool:
    try:
        return str(UUID(path.name)) == path.name and path.is_dir() and not path.is_symlink()
    except ValueError:
        return False
