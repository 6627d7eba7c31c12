"""What a version left behind is taken back, from Chroma first and then from the catalogue."""

from typing import Protocol

from data.chunks import Chunks
from data.contents import Vectors
from data.records import Claim, Library


class VectorStore(Protocol):
    """Where vectors are searched (data/vectors.py)."""

    def upsert(self, collection: str, ids: tuple[str, ...], vectors: Vectors) -> None:
        """Store vectors under their chunks' ids."""
        ...

    def delete(self, collection: str, ids: tuple[str, ...]) -> None:
        """Remove vectors."""
        ...


def remove_chunks(
    claim: Claim, library: Library, chunks: Chunks, vectors: VectorStore, version: int | None
) -> None:
    """Remove a version's chunks, or those of all versions.

    The catalogue knows every id that Chroma may hold, so a run that is interrupted anywhere
    leaves nothing that the next run does not find.
    """
    while remove_some(claim, library, chunks, vectors, version):
        pass


def remove_some(
    claim: Claim, library: Library, chunks: Chunks, vectors: VectorStore, version: int | None
) -> bool:
    """Remove a batch of such chunks; False when there were none."""
    ids = chunks.some_ids(claim.document_id, version)
    if ids:
        for collection in library.collections:
            vectors.delete(collection, ids)
        chunks.remove(claim, ids)
    return bool(ids)
