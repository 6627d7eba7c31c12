"""The stored vectors against the collections of the vector index, both ways."""

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Protocol

from data.audit.findings import Finding
from data.audit.mending import Mending
from data.errors import IndexIncomplete, LibraryNotFound
from data.generations import Generations
from data.holdings import Holdings
from data.levelling import Collections, Leveller
from data.libraries import Libraries
from data.records import Library

# Of the vectors that a collection's files hold, those that were removed from it.
DEAD_SHARE = 0.2
# Fewer are not worth a rebuild.
DEAD_LEAST = 1_000
# A rebuilt library's old collection is dropped so soon after the switch (workers/reindexing.py).
SETTLING_SECONDS = 6.0


class CollectionStore(Collections, Protocol):
    """A vector index whose collections can be listed, tried and dropped."""

    def collections(self) -> tuple[str, ...]:
        """Return the names of all collections that are ours."""
        ...

    def probe(self, collection: str) -> None:
        """Raise ``IndexIncomplete`` when a collection can't be searched."""
        ...

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        ...


class VectorsAudit:
    """Compares every library with its live collection; what is being rebuilt is left alone."""

    def __init__(
        self,
        libraries: Libraries,
        holdings: Holdings,
        generations: Generations,
        vectors: CollectionStore,
        mending: Mending,
        *,
        is_own_server: bool,
        settling_seconds: float = SETTLING_SECONDS,
    ) -> None:
        self._libraries = libraries
        self._holdings = holdings
        self._generations = generations
        self._vectors = vectors
        self._leveller = Leveller(holdings, vectors)
        self._mending = mending
        self._is_own_server = is_own_server
        self._settling_seconds = settling_seconds
        self.compared: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """Give what collections lack and have too many, and collections that are nobody's."""
        names = self._vectors.collections()
        self.compared["collections"] = len(names)
        for library in self._libraries.every():
            if library.fingerprint and library.id not in self._mending.rebuilding():
                yield from self._of_library(library)
        yield from self._unnamed(names)

    def _of_library(self, library: Library) -> Iterator[Finding]:
        try:
            found = list(self._compared(library))
        except IndexIncomplete:
            found = [self._rebuild(library, "collection_lost", "has lost its collection")]
            if not self._holdings.published(library.id):  # nothing was stored yet
                found = []
        # A switch meanwhile has dropped the collection, and a new rebuild may have begun.
        if found and self._is_as_it_was(library):
            yield from found

    def _compared(self, library: Library) -> Iterator[Finding]:
        collection = library.collection
        held = self._vectors.count(collection)
        if held is None:
            raise IndexIncomplete
        self.compared["vectors"] += held
        try:
            self._vectors.probe(collection)
        except IndexIncomplete:
            yield self._rebuild(library, "collection_damaged", "can't be searched by vectors")
            return
        if lost := sum(len(ids) for ids in self._leveller.missing(library, collection)):
            yield Finding(
                "vectors_missing",
                f"The vector index lacks {lost} vectors of library {library.id}.",
                {"library_id": library.id, "vectors": lost},
                partial(self._level, library),
            )
        extra = self._leveller.extra(collection)  # noqa: S610 - no Django here
        if unknown := sum(len(ids) for ids in extra):
            yield Finding(
                "vectors_unknown",
                f"The vector index has {unknown} vectors in library {library.id} that the "
                "catalogue does not know.",
                {"library_id": library.id, "vectors": unknown},
                partial(self._level, library),
            )
        if library.dead >= DEAD_LEAST and library.dead > DEAD_SHARE * (library.dead + held):
            share = round(100 * library.dead / (library.dead + held))
            yield self._rebuild(library, "vectors_dead", f"has {share} % removed vectors")

    def _level(self, library: Library) -> None:
        self._leveller.mend(library, library.collection)

    def _rebuild(self, library: Library, code: str, what: str) -> Finding:
        def queue() -> str:
            return self._generations.queue(library.workspace, library.name).id

        message = f"Library {library.id} {what} in the vector index."
        return Finding(code, message, {"library_id": library.id}, queue)

    def _is_as_it_was(self, library: Library) -> bool:
        now = {each.id: each for each in self._libraries.every()}.get(library.id)
        return (
            now is not None
            and now.collection == library.collection
            and library.id not in self._mending.rebuilding()
        )

    def _unnamed(self, names: tuple[str, ...]) -> Iterator[Finding]:
        """Give the collections that no library has, and will not have in a moment."""
        suspects = [name for name in names if not self._is_named(name)]
        if not suspects:
            return
        time.sleep(self._settling_seconds)
        left = set(self._vectors.collections())
        rebuilding = self._mending.rebuilding()
        for name in suspects:
            library_id = _library_id(name)
            if name in left and library_id not in rebuilding and not self._is_named(name):
                is_ours = self._is_own_server or self._mending.was_ours(library_id)
                hint = "" if is_ours else " Drop it unless another deployment uses this server."
                yield Finding(
                    "collection_unknown",
                    f"The vector index has the collection {name}, which no library names.{hint}",
                    {"collection": name},
                    partial(self._drop, name) if is_ours else None,
                )

    def _drop(self, name: str) -> None:
        if not self._is_named(name):
            self._vectors.drop(name)

    def _is_named(self, name: str) -> bool:
        try:
            return name in self._libraries.holding(_library_id(name)).collections
        except LibraryNotFound:
            return False


def _library_id(collection: str) -> str:
    """Take a collection's name apart (data/records.py)."""
    return collection.removeprefix("fn-").rsplit("-", 2)[0]
