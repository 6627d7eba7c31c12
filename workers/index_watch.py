"""Sees what the vector index has lost, and has it rebuilt; removes what nobody reads."""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from data.errors import IndexIncomplete, IndexUnavailable
from data.records import Library
from data.stores import Stores

logger = logging.getLogger(__name__)

# Libraries that are looked into in one round, which takes some milliseconds each.
LIBRARIES = 50
# A collection that no library names any more may still be read by a question, or be in the
# hands of who has just built it.
ORPHAN_SECONDS = 60.0


class LooksInto(Protocol):
    """The vector index, for who is synchronous (data/vectors.py)."""

    def collections(self) -> tuple[str, ...]:
        """Return the names of all collections that are ours."""
        ...

    def count(self, collection: str) -> int | None:
        """Return how many vectors a collection has; None: there is no such collection."""
        ...

    def probe(self, collection: str) -> None:
        """Raise ``IndexIncomplete`` when a collection can't be searched."""
        ...

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        ...


class IndexWatch:
    """Compares collections with the catalogue. That the index is away is no finding."""

    def __init__(
        self, stores: Stores, vectors: LooksInto, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._stores = stores
        self._vectors = vectors
        self._now = now
        self._next = 0
        self._orphaned_at: dict[str, float] = {}

    def run_once(self) -> int:
        """Queue a rebuild of each library that has lost vectors; return how many are new."""
        try:
            suspects = self._lost(self._some_of(self._libraries()))
            # Once more, and of libraries as they are now: what is found in passing may be one
            # that was rebuilt, or emptied, between two looks.
            lost = self._lost([one for one in self._libraries() if one.id in suspects])
            queued = [one for one in sorted(lost) if self._stores.generations.queue_repair(one)]
            self._stores.generations.give_up_abandoned()
            self._drop_orphans()
        except IndexUnavailable as error:
            logger.info("index not looked into", extra={"code": error.code})
            return 0
        for library_id in queued:
            logger.warning("library has lost vectors", extra={"library_id": library_id})
        return len(queued)

    def _libraries(self) -> list[Library]:
        """Return the libraries whose one collection should be whole."""
        every = self._stores.libraries.every()
        return [one for one in every if one.fingerprint and one.building is None]

    def _some_of(self, libraries: Sequence[Library]) -> Sequence[Library]:
        """Return those whose turn it is."""
        start = self._next if self._next < len(libraries) else 0
        self._next = start + LIBRARIES
        return libraries[start : start + LIBRARIES]

    def _lost(self, libraries: Sequence[Library]) -> set[str]:
        if not libraries:
            return set()
        published = self._stores.holdings.published_by_library()
        names = self._vectors.collections()
        return {one.id for one in libraries if self._has_lost(one, published.get(one.id, 0), names)}

    def _has_lost(self, library: Library, published: int, names: Collection[str]) -> bool:
        if library.collection not in names:
            # The first vectors of a library make its collection.
            return published > 0
        try:
            self._vectors.probe(library.collection)
        except IndexIncomplete:
            return True
        held = self._vectors.count(library.collection) or 0
        # What was purged meanwhile is not lost.
        return held < published and held < self._stores.holdings.published(library.id)

    def _drop_orphans(self) -> None:
        """Drop the collections of libraries that have others now.

        Only of libraries that the catalogue has: another one may use the same server.
        """
        names = self._vectors.collections()
        libraries = self._stores.libraries.every()
        named = {name for one in libraries for name in one.collections}
        ours = tuple(one.prefix for one in libraries)
        orphans = {name for name in names if name.startswith(ours) and name not in named}
        seen = self._orphaned_at
        self._orphaned_at = {name: seen.get(name, self._now()) for name in orphans}
        for name, since in self._orphaned_at.items():
            if self._now() - since > ORPHAN_SECONDS:
                logger.info("orphan collection dropped", extra={"collection": name})
                self._vectors.drop(name)
