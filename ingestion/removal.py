"""What a version left behind is taken back, from Chroma first and then from the catalogue."""

from collections.abc import Sequence
from typing import Protocol

from data.contents import Vectors
from data.records import Claim
from data.stores import Stores


class VectorStore(Protocol):
    """Where vectors are searched (data/vectors.py)."""

    def upsert(
        self, collection: str, ids: Sequence[str], vectors: Vectors, *, create: bool = True
    ) -> None:
        """Store vectors under their chunks' ids; ``IndexIncomplete`` without the collection."""
        ...

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors."""
        ...


def remove_chunks(
    claim: Claim,
    stores: Stores,
    vectors: VectorStore,
    version: int | None,
    after_page: int = 0,
) -> None:
    """Remove a version's chunks, or those of all versions.

    The catalogue knows every id that Chroma may hold, so a run that is interrupted anywhere
    leaves nothing that the next run does not find.
    """
    while remove_some(claim, stores, vectors, version, after_page):
        pass


def remove_some(
    claim: Claim,
    stores: Stores,
    vectors: VectorStore,
    version: int | None,
    after_page: int = 0,
) -> bool:
    """Remove a batch of such chunks; False when there were none."""
    ids = stores.chunks.some_ids(claim.document_id, version, after_page)
    if not ids:
        return False
    # Anew for each batch: a rebuild may have begun to fill another collection.
    library = stores.libraries.holding(claim.library_id)
    for collection in library.collections:
        vectors.delete(collection, ids)
    stores.chunks.remove(claim, ids)
    # A rebuild may have stored what it read before the rows were gone.
    later = stores.libraries.holding(claim.library_id)
    if later.building is not None or later.generation != library.generation:
        for collection in later.collections:
            vectors.delete(collection, ids)
    return True
