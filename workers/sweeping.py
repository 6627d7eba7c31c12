"""Files that an interrupted upload left behind are swept away."""

import logging

from data.blobs import LocalBlobs
from data.documents import Documents

logger = logging.getLogger(__name__)

# An upload that takes longer between two pieces, or between its file and its commit, is dead.
ORPHAN_SECONDS = 3600.0


class Sweeper:
    """Removes files that no document knows, once they are old enough to be nobody's."""

    def __init__(self, blobs: LocalBlobs, documents: Documents) -> None:
        self._blobs = blobs
        self._documents = documents

    def run_once(self, seconds: float = ORPHAN_SECONDS) -> int:
        """Sweep what has not changed for so long, and return how many files or folders went."""
        swept = 0
        for name in self._blobs.stale_staged(seconds):
            self._blobs.discard(name)
            swept += 1
        for workspace, document in self._blobs.stale_documents(seconds):
            if not self._documents.is_known(document):
                self._blobs.delete(f"{workspace}/{document}")
                swept += 1
        if swept:
            logger.info("orphans swept", extra={"files": swept})
        return swept
