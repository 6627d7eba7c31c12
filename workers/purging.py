"""What was deleted or replaced leaves Chroma, the file store and the catalogue, in that order."""

from typing import Protocol

from data.errors import Unavailable
from data.purges import Remains
from data.records import Claim
from data.stores import Stores
from ingestion.removal import VectorStore, remove_some
from ingestion.slices import Slice


class CollectionStore(VectorStore, Protocol):
    """A vector store whose collections can be dropped."""

    def collections(self) -> tuple[str, ...]:
        """Return the names of all collections that are ours."""
        ...

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        ...


class Purger:
    """Removes documents, old versions and libraries; safe to be interrupted anywhere."""

    def __init__(self, stores: Stores, vectors: CollectionStore) -> None:
        self._stores = stores
        self._vectors = vectors

    def run(self, claim: Claim, bounds: Slice) -> bool:
        """Purge what the claim names, and return whether the job needs another slice.

        Raises ``Unavailable`` when others must be done first.
        """
        purge = self._purge_version if claim.document_id else self._purge_library
        if purge(claim, bounds):
            return False
        self._stores.purges.hand_on(claim)
        return True

    def _purge_version(self, claim: Claim, bounds: Slice) -> bool:
        """Remove what the catalogue says; False when the slice is over before that is done."""
        remains = self._stores.purges.remains(claim)
        version = None if remains is Remains.DOCUMENT else claim.version
        if remains is not Remains.NOTHING and not self._remove_chunks(claim, version, bounds):
            return False
        if remains in (Remains.VERSION, Remains.DOCUMENT):
            while self._stores.purges.remove_pages(claim, version):
                if bounds.is_over():
                    return False
            file = "" if version is None else f"/{version}"
            self._stores.blobs.delete(f"{claim.workspace}/{claim.document_id}{file}")
        self._stores.purges.finish(claim, remains)
        return True

    def _remove_chunks(self, claim: Claim, version: int | None, bounds: Slice) -> bool:
        while remove_some(claim, self._stores, self._vectors, version):
            if bounds.is_over():
                return False
        return True

    def _purge_library(self, claim: Claim, bounds: Slice) -> bool:
        while self._stores.catalogue.delete_some(claim):
            if bounds.is_over():
                return False
        library = self._stores.libraries.holding(claim.library_id)
        if not self._stores.libraries.is_empty(library):
            raise Unavailable("The library's documents are still being removed.")
        self._stores.purges.require_alone(claim)
        for collection in self._vectors.collections():
            if collection.startswith(library.prefix):
                self._vectors.drop(collection)
        self._stores.purges.finish_library(claim)
        return True
