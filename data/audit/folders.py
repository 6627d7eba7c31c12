"""Chroma's folders against its own database."""

import time
from collections import Counter
from collections.abc import Iterator

from data.audit.findings import Finding
from data.audit.mending import Mending
from data.index_folders import IndexFolders


class FoldersAudit:
    """What a collection left that was dropped within the last hour is the sweeper's, not told."""

    def __init__(self, folders: IndexFolders, mending: Mending, settling_seconds: float) -> None:
        self._folders = folders
        self._mending = mending
        self._settling_seconds = settling_seconds
        self.compared: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """Give the folders of vectors that no collection has."""
        self.compared["index folders"] = len(self._folders.names())
        suspects = self._folders.orphans()
        if not suspects:
            return
        time.sleep(self._settling_seconds)
        left = suspects & self._folders.orphans()
        if self._mending.has_dropped_lately():
            self.compared["index folders to be swept"] = len(left)
            return
        for name in sorted(left):
            yield Finding(
                "index_folder_orphaned",
                f"The folder {name} of the vector index belongs to no collection.",
                {"folder": name},
                self._sweep,
            )

    def _sweep(self) -> None:
        self._folders.sweep()
