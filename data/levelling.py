"""Brings a collection of the vector index level with the catalogue's stored vectors."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from data.contents import Vectors
from data.holdings import Holdings
from data.records import Library

# Ids that are compared, and vectors that are written, at a time.
BATCH = 500
# Ids that are read at a time: Chroma counts its way to an offset.
READ = 2_000


class Collections(Protocol):
    """The vector index, for who is synchronous (data/vectors.py)."""

    def upsert(
        self, collection: str, ids: Sequence[str], vectors: Vectors, *, create: bool = True
    ) -> None:
        """Store vectors under their chunks' ids."""
        ...

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors."""
        ...

    def count(self, collection: str) -> int | None:
        """Return how many vectors a collection has; None: there is no such collection."""
        ...

    def ids(self, collection: str, limit: int, offset: int) -> tuple[str, ...]:
        """Return some of a collection's ids."""
        ...

    def held(self, collection: str, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that a collection has."""
        ...


class Leveller:
    """Compares and mends while documents are indexed and purged.

    It relies on their order: a chunk's row is there before its vector, a version is published
    when all its vectors are there, and what is purged leaves the index before the catalogue.
    """

    def __init__(self, holdings: Holdings, vectors: Collections) -> None:
        self._holdings = holdings
        self._vectors = vectors

    def missing(self, library: Library, collection: str) -> Iterator[tuple[str, ...]]:
        """Give batches of ids that readers may see and that the collection does not have.

        Raises ``IndexIncomplete`` when there is no such collection.
        """
        after = ""
        while ids := self._holdings.rows(library.id, after, BATCH)[0]:
            after = ids[-1]
            if lost := self._lost(collection, self._absent(collection, ids)):
                yield lost

    def extra(self, collection: str) -> Iterator[tuple[str, ...]]:
        """Give batches of ids that the collection has and the catalogue does not know."""
        # From the end to the beginning: what is removed meanwhile then moves nothing out of sight.
        left = self._vectors.count(collection) or 0
        while left > 0:
            size = min(READ, left)
            left -= size
            ids = self._vectors.ids(collection, size, left)
            unknown = _without(ids, self._holdings.known(ids))
            # A purge between the two looks has removed it from the index first.
            held = self._vectors.held(collection, unknown) if unknown else set()
            if orphans := tuple(one for one in unknown if one in held):
                yield orphans

    def fill(self, library: Library, collection: str, after_id: str) -> tuple[str, int, int]:
        """Store the next of the library's vectors that the collection does not have.

        Returns the last id that was looked at (empty: there is no further one), how many were
        looked at, and how many of them had been missing.
        """
        ids, vectors = self._holdings.rows(library.id, after_id, BATCH)
        if not ids:
            return "", 0, 0
        held = self._vectors.held(collection, ids)
        new = [row for row, one in enumerate(ids) if one not in held]
        absent = tuple(ids[row] for row in new)
        if absent:
            self._store(collection, absent, vectors[new])
        return ids[-1], len(ids), len(absent)

    def mend(
        self, library: Library, collection: str, on_batch: Callable[[], object] = lambda: None
    ) -> int:
        """Level the collection, and return how many vectors were stored or removed.

        ``on_batch`` is called after each batch, and may end it by raising.
        """
        mended = 0
        after, looked, stored = self.fill(library, collection, "")
        while looked:
            on_batch()
            mended += stored
            after, looked, stored = self.fill(library, collection, after)
        # Until nothing is found: each pass may have met with purges and late writers.
        while found := self._mend_once(library, collection, on_batch):
            mended += found
        return mended

    def tidy(self, collection: str, on_batch: Callable[[], object] = lambda: None) -> int:
        """Remove what the catalogue does not know, and return how many vectors that were."""
        found = 0
        for orphans in self.extra(collection):  # noqa: S610 - no Django here
            self._vectors.delete(collection, orphans)
            # Their rows may have been written since they were looked for.
            self._store(collection, *self._holdings.vectors_of(orphans))
            found += len(orphans)
            on_batch()
        return found

    def _mend_once(self, library: Library, collection: str, on_batch: Callable[[], object]) -> int:
        found = 0
        for lost in self.missing(library, collection):
            self._store(collection, *self._holdings.vectors_of(lost))
            found += len(lost)
            on_batch()
        return found + self.tidy(collection, on_batch)

    def _absent(self, collection: str, ids: Sequence[str]) -> tuple[str, ...]:
        return _without(ids, self._vectors.held(collection, ids))

    def _lost(self, collection: str, absent: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of the ids whose absence is a loss.

        Readable before a look that does not find it means that its vector had been stored, and
        readable after it that no purge has begun.
        """
        if not absent:
            return ()
        readable = self._holdings.readable(absent)
        absent = self._absent(collection, tuple(one for one in absent if one in readable))
        readable = self._holdings.readable(absent)
        return tuple(one for one in absent if one in readable)

    def _store(self, collection: str, ids: tuple[str, ...], vectors: Vectors) -> None:
        if not ids:
            return
        self._vectors.upsert(collection, ids, vectors, create=False)
        # A purge may have been here since their vectors were read.
        if gone := _without(ids, self._holdings.known(ids)):
            self._vectors.delete(collection, gone)


def _without(ids: Sequence[str], others: set[str]) -> tuple[str, ...]:
    return tuple(one for one in ids if one not in others)
