"""A library's vectors are stored anew beside the live ones, which they then replace."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from data.levelling import Collections, Leveller
from data.records import Claim, JobStage, Library
from data.stores import Stores
from ingestion.slices import Slice

logger = logging.getLogger(__name__)

# Questions that were asked before the switch may still be reading the old collection.
READERS_SECONDS = 2.0


class CollectionStore(Collections, Protocol):
    """A vector index whose collections can be made and dropped."""

    def create(self, collection: str) -> None:
        """Make a collection; one that is there is fine."""
        ...

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        ...

    def collections(self) -> tuple[str, ...]:
        """Return the names of all collections that are ours."""
        ...


@dataclass(slots=True)
class Walk:
    """How far this worker has gone through a library's stored vectors."""

    collection: str
    after_id: str = ""
    passed: int = 0
    # Those of them that the collection did not have.
    stored: int = 0


class Reindexer:
    """Builds a library's next generation from the stored vectors, without embedding.

    Safe to be killed anywhere: another worker goes through all of them again, and what it finds
    in the collection costs it little. What is indexed or purged meanwhile is so in both.
    """

    def __init__(
        self,
        stores: Stores,
        vectors: CollectionStore,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._stores = stores
        self._vectors = vectors
        self._leveller = Leveller(stores.holdings, vectors)
        self._pause = pause
        self._walks: dict[str, Walk] = {}

    def run_slice(self, claim: Claim, bounds: Slice) -> bool:
        """Store some more vectors, and return whether the job needs another slice."""
        library = self._stores.libraries.holding(claim.library_id)
        if not library.fingerprint:
            self._stores.generations.end(claim)
            return False
        library = self._begun(claim, library)
        while not self._is_complete(library):
            if bounds.is_over():
                self._checkpoint(claim, library)
                return True
        if not self._stores.generations.switch(claim, library.building or 0):
            self._checkpoint(claim, library)
            return True
        logger.info("library reindexed", extra={"library_id": library.id})
        self._walks.pop(library.id)
        self._pause(READERS_SECONDS)
        self._vectors.drop(library.collection)
        return False

    def _begun(self, claim: Claim, library: Library) -> Library:
        """Return the library as it is being built; its new collection is there."""
        if library.building is None:
            self._stores.generations.begin(claim, self._free_generation(library))
            library = self._stores.libraries.holding(library.id)
        *_, collection = library.collections
        walk = self._walks.get(library.id)
        if not walk or walk.collection != collection or self._vectors.count(collection) is None:
            self._vectors.create(collection)
            self._walks[library.id] = Walk(collection)
        return library

    def _free_generation(self, library: Library) -> int:
        """Return the number of a generation of which nothing is left from an earlier try."""
        names = set(self._vectors.collections())
        generation = library.generation + 1
        while (collection := library.collection_of(generation)) in names:
            self._vectors.drop(collection)
            generation += 1
        return generation

    def _is_complete(self, library: Library) -> bool:
        """Store a batch of what is missing; True when a whole walk has found nothing missing."""
        walk = self._walks[library.id]
        after_id, looked, stored = self._leveller.fill(library, walk.collection, walk.after_id)
        if looked:
            walk.after_id = after_id
            walk.passed += looked
            walk.stored += stored
            return False
        if walk.stored:
            self._walks[library.id] = Walk(walk.collection)
            return False
        # A worker that was killed may have left what it had no time to take back.
        if (self._vectors.count(walk.collection) or 0) > self._stores.holdings.stored(library.id):
            self._leveller.tidy(walk.collection)
        return True

    def _checkpoint(self, claim: Claim, library: Library) -> None:
        """Let the job go, with the share of its pages whose vectors are stored."""
        total = max(claim.total, self._stores.holdings.pages(library.id))
        stored = max(1, self._stores.holdings.stored(library.id))
        done = min(total, total * self._walks[library.id].passed // stored)
        # A second walk only looks.
        cursor = max(claim.cursor, done)
        self._stores.claims.checkpoint(claim, JobStage.INDEXING, cursor, total)
