"""The catalogue's versions against the files, both ways."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

from data.audit.findings import Finding
from data.audit.shelf import Entry, Shelf, Volume
from data.blobs import LocalBlobs
from data.orphans import Orphans


class FilesAudit:
    """A file is there before its row and goes before it, so only what stays can be missing."""

    def __init__(self, shelf: Shelf, blobs: LocalBlobs, orphans: Orphans) -> None:
        self._shelf = shelf
        self._blobs = blobs
        self._orphans = orphans
        self.compared: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """Give versions without a file, and files that were nobody's for an hour."""
        # Says that the store is away, where otherwise every file would be missing.
        self._blobs.check()
        for entry in self._shelf.entries():
            for volume in entry.volumes:
                if entry.needs(volume):
                    self.compared["files"] += 1
                    if self._is_missing(entry, volume):
                        yield Finding(
                            "file_missing",
                            f"The file of version {volume.version} of document {entry.id} is not "
                            "in the store. Put it back from a backup, or delete the document and "
                            "upload it again.",
                            {"document_id": entry.id, "version": volume.version},
                        )
        for place in self._orphans.found():
            yield Finding(
                "file_orphaned",
                f"{place} in the file store belongs to no document.",
                {"place": place},
                partial(self._orphans.remove, place),
            )

    def _is_missing(self, entry: Entry, volume: Volume) -> bool:
        if self._blobs.has(f"{entry.workspace}/{entry.id}/{volume.version}"):
            return False
        now = self._shelf.entry(entry.id)
        return now is not None and now.needs(volume)
