"""All comparisons of a deployment, opened together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from data.audit.files import FilesAudit
from data.audit.findings import Finding, Part
from data.audit.folders import FoldersAudit
from data.audit.lexical import LexicalAudit
from data.audit.mending import Mending
from data.audit.rows import RowsAudit
from data.audit.shelf import Shelf
from data.audit.strays import Strays
from data.audit.vectors import SETTLING_SECONDS, CollectionStore, VectorsAudit
from data.errors import Unavailable
from data.index_folders import IndexFolders
from data.lexical import LexicalIndex
from data.orphans import Orphans
from data.settings import Settings
from data.stores import Stores
from data.vectors import BlockingVectors, VectorIndex


class Audit:
    """Compares what is kept, each time anew."""

    def __init__(
        self, parts: Sequence[Part], mending: Mending, folders: IndexFolders | None
    ) -> None:
        self._parts = parts
        self._mending = mending
        self._folders = folders

    def findings(self) -> Iterator[Finding]:
        """Give what differs; a store that is away is a finding too."""
        for part in self._parts:
            part.compared.clear()
            try:
                yield from part.findings()
            except Unavailable as error:
                yield Finding(error.code, str(error), {})

    @property
    def compared(self) -> Counter[str]:
        """What the last look went through."""
        return sum((part.compared for part in self._parts), Counter())

    def sweep(self) -> None:
        """Remove what dropped collections left, without waiting for the sweeper."""
        if self._folders:
            self._folders.sweep()

    def count_open(self, job_ids: Sequence[str]) -> int:
        """Return how many of the jobs that mend something are not over."""
        return self._mending.count_open(job_ids)


@contextmanager
def open_audit(settings: Settings, stores: Stores, own_index: Path | None) -> Iterator[Audit]:
    """Give the audit of a deployment: of its stores, and of this host's lexical index.

    ``own_index`` is the folder of a Chroma server that nobody else uses.
    """
    with BlockingVectors(VectorIndex(settings.index_url, settings.index)) as vectors:
        yield audit_of(settings.folder, stores, vectors, own_index)


def audit_of(
    home: Path,
    stores: Stores,
    vectors: CollectionStore,
    own_index: Path | None,
    settling_seconds: float = SETTLING_SECONDS,
) -> Audit:
    """Return the audit of these stores; what looks wrong is looked at again after a while."""
    mending = Mending(stores.database, stores.purges)
    shelf = Shelf(stores.database)
    parts: list[Part] = [
        RowsAudit(shelf, Strays(stores.database), mending),
        FilesAudit(shelf, stores.blobs, Orphans(stores.blobs, stores.documents)),
        VectorsAudit(
            stores.libraries,
            stores.holdings,
            stores.generations,
            vectors,
            mending,
            is_own_server=own_index is not None,
            settling_seconds=settling_seconds,
        ),
    ]
    folders = IndexFolders(own_index) if own_index else None
    if folders:
        parts.append(FoldersAudit(folders, mending, settling_seconds))
    index = home / "lexical" / "index"
    # Other hosts have theirs; this one may have workers only.
    if index.exists() or (stores.database.is_sqlite and stores.catalogue.sequence()):
        opening = partial(LexicalIndex.existing, index)
        follow_seconds = 5 * settling_seconds
        parts.append(LexicalAudit(shelf, stores.catalogue, opening, mending, follow_seconds))
    return Audit(parts, mending, folders)
