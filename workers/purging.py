"""What was deleted leaves Chroma, the file store and the catalogue, in that order."""

from typing import Protocol

from data.errors import Unavailable
from data.records import Claim
from data.stores import Stores
from ingestion.removal import VectorStore, remove_chunks


class CollectionStore(VectorStore, Protocol):
    """A vector store whose collections can be dropped."""

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        ...


class Purger:
    """Removes deleted documents and libraries; safe to be interrupted anywhere."""

    def __init__(self, stores: Stores, vectors: CollectionStore) -> None:
        self._stores = stores
        self._vectors = vectors

    def run(self, claim: Claim) -> None:
        """Purge what the claim names, or raise ``Unavailable`` when others must be done first."""
        if claim.document_id:
            self._purge_document(claim)
        else:
            self._purge_library(claim)
        self._stores.catalogue.finish_purge(claim)

    def _purge_document(self, claim: Claim) -> None:
        library = self._stores.libraries.of_job(claim.library_id)
        remove_chunks(claim, library, self._stores.chunks, self._vectors, version=None)
        self._stores.blobs.delete(f"{claim.workspace}/{claim.document_id}")

    def _purge_library(self, claim: Claim) -> None:
        library = self._stores.libraries.of_job(claim.library_id)
        if not self._stores.libraries.is_empty(library):
            raise Unavailable("The library's documents are still being removed.")
        self._vectors.drop(library.collection)
