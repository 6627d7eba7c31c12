"""Files that no row knows, old enough to be nobody's: their upload was interrupted."""

from collections.abc import Iterator
from itertools import islice

from data.blobs import LocalBlobs
from data.documents import Documents

# An upload that takes longer between two pieces, or between its file and its commit, is dead.
ORPHAN_SECONDS = 3600.0
# Documents that the catalogue is asked for at a time.
TOGETHER = 500


class Orphans:
    """Finds and removes files that the catalogue does not know."""

    def __init__(
        self, blobs: LocalBlobs, documents: Documents, seconds: float = ORPHAN_SECONDS
    ) -> None:
        self._blobs = blobs
        self._documents = documents
        self._seconds = seconds

    def found(self) -> Iterator[str]:
        """Give the places of files, or of folders, that no row knows and nobody changes."""
        yield from self._blobs.stale_staged(self._seconds)
        stale = self._blobs.stale_documents(self._seconds)
        while some := {document: workspace for workspace, document in islice(stale, TOGETHER)}:
            yield from self._unknown(some)

    def remove(self, place: str) -> None:
        """Remove one unless it has changed since."""
        self._blobs.sweep(place, self._seconds)

    def _unknown(self, workspaces: dict[str, str]) -> Iterator[str]:
        # Files before rows: the row of a version that came meanwhile is there when it is asked for.
        files = {
            document: self._blobs.stale_versions(workspace, document, self._seconds)
            for document, workspace in workspaces.items()
        }
        known = self._documents.known(tuple(files))
        versions = {(each, str(v)) for each, v in self._documents.known_versions(tuple(files))}
        for document, names in files.items():
            folder = f"{workspaces[document]}/{document}"
            if document not in known:
                yield folder
            else:
                yield from (f"{folder}/{n}" for n in names if (document, n) not in versions)
