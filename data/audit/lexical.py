"""The published versions against this host's lexical index, both ways."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from data.audit.findings import Finding
from data.audit.mending import Mending
from data.audit.shelf import Shelf
from data.catalogue import Catalogue
from data.lexical import LexicalIndex

LOOK_SECONDS = 0.1
# What is after the first letters of a document's id (data/acceptance.py): 256 parts.
PARTS = tuple(f"doc-{first:02x}" for first in range(256))


class LexicalAudit:
    """Reads the index, which another process writes, and only counts what it had time to follow."""

    def __init__(
        self,
        shelf: Shelf,
        catalogue: Catalogue,
        open_index: Callable[[], LexicalIndex],
        mending: Mending,
        follow_seconds: float,
    ) -> None:
        self._shelf = shelf
        self._catalogue = catalogue
        self._open_index = open_index
        self._mending = mending
        self._follow_seconds = follow_seconds
        self.compared: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """Give the versions that the index lacks, has in part, or should not have."""
        index = self._open_index()
        if not self._has_followed(index):
            yield Finding(
                "lexical_behind",
                f"The lexical index stands at change {index.sequence} of "
                f"{self._catalogue.sequence()}. It follows while the API runs.",
                {"sequence": index.sequence},
            )
            return
        for document_id, version, chunks in self._published():
            self.compared["lexical rows"] += chunks
            if index.count(document_id, version) != chunks:
                yield from self._differing(index, document_id, version)
        for part in PARTS:
            held = index.revisions(part)
            published = self._shelf.published([document_id for document_id, _ in held])
            for document_id, version in held:
                if published.get(document_id) != version:
                    yield from self._differing(index, document_id, version)

    def _published(self) -> Iterator[tuple[str, int, int]]:
        for entry in self._shelf.entries():
            for volume in entry.volumes:
                if entry.is_live and volume.version == entry.published:
                    yield entry.id, volume.version, volume.stored_chunks

    def _differing(self, index: LexicalIndex, document_id: str, version: int) -> Iterator[Finding]:
        """Give a finding if the two still differ when the index has followed what came since."""
        before = self._expected(document_id, version)
        if not self._has_followed(index):
            return
        found = index.count(document_id, version)
        if found != before and before == self._expected(document_id, version):
            yield Finding(
                "lexical_differs",
                f"The lexical index has {found} chunks of version {version} of document "
                f"{document_id}, and should have {before}.",
                {"document_id": document_id, "version": version},
                partial(self._mending.announce, document_id, version),
            )

    def _expected(self, document_id: str, version: int) -> int:
        entry = self._shelf.entry(document_id)
        if entry is None or not entry.is_live or entry.published != version:
            return 0
        return sum(v.stored_chunks for v in entry.volumes if v.version == version)

    def _has_followed(self, index: LexicalIndex) -> bool:
        """Return whether the index gets to where the catalogue is now, waiting for a while."""
        deadline = time.monotonic() + self._follow_seconds
        sequence = self._catalogue.sequence()
        index.reload()
        while index.sequence < sequence:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
            index.reload()
        return True
