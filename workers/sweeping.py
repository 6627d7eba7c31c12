"""Files that an interrupted upload left behind are swept away."""

import logging
from itertools import islice

from data.blobs import LocalBlobs
from data.documents import Documents

logger = logging.getLogger(__name__)

# An upload that takes longer between two pieces, or between its file and its commit, is dead.
ORPHAN_SECONDS = 3600.0
# Documents that the catalogue is asked for at a time.
TOGETHER = 500


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
        stale = self._blobs.stale_documents(seconds)
        while some := {document: workspace for workspace, document in islice(stale, TOGETHER)}:
            for document in set(some) - self._documents.known(tuple(some)):
                self._blobs.delete(f"{some[document]}/{document}")
                swept += 1
        if swept:
            logger.info("orphans swept", extra={"files": swept})
        return swept
