"""A vector index in memory with the interface of the one over Chroma."""

from collections import Counter
from collections.abc import Callable, Sequence

from data.contents import Vector, Vectors
from data.errors import IndexIncomplete, IndexUnavailable


class MemoryVectors:
    """Collections of vectors; what tests may do to them is to take them away."""

    def __init__(self) -> None:
        self.collections_by_name: dict[str, dict[str, Vector]] = {}
        self.unreadable: set[str] = set()
        self.is_away = False

    @property
    def rows(self) -> dict[str, Vector]:
        """The vectors of all collections."""
        return {one: v for held in self.collections_by_name.values() for one, v in held.items()}

    def create(self, collection: str) -> None:
        self._answer()
        self.collections_by_name.setdefault(collection, {})

    def upsert(
        self, collection: str, ids: Sequence[str], vectors: Vectors, *, create: bool = True
    ) -> None:
        self._answer()
        if create:
            self.create(collection)
        self._of(collection).update(zip(ids, vectors, strict=True))

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        self._answer()
        for one in ids:
            self.collections_by_name.get(collection, {}).pop(one, None)

    def drop(self, collection: str) -> None:
        self._answer()
        self.collections_by_name.pop(collection, None)

    def count(self, collection: str) -> int | None:
        self._answer()
        held = self.collections_by_name.get(collection)
        return None if held is None else len(held)

    def ids(self, collection: str, limit: int, offset: int) -> tuple[str, ...]:
        self._answer()
        return tuple(self._of(collection))[offset : offset + limit]

    def held(self, collection: str, ids: Sequence[str]) -> set[str]:
        self._answer()
        return set(ids) & set(self._of(collection))

    def collections(self) -> tuple[str, ...]:
        self._answer()
        return tuple(self.collections_by_name)

    def probe(self, collection: str) -> None:
        self._answer()
        self._of(collection)
        if collection in self.unreadable:
            raise IndexIncomplete

    def _answer(self) -> None:
        if self.is_away:
            raise IndexUnavailable

    def _of(self, collection: str) -> dict[str, Vector]:
        if collection not in self.collections_by_name:
            raise IndexIncomplete
        return self.collections_by_name[collection]


class Meanwhile(MemoryVectors):
    """The same vectors, and something else that happens once: right after a certain look or
    write, or right before a removal."""

    def __init__(self, vectors: MemoryVectors, then: dict[str, Callable[[], object]]) -> None:
        super().__init__()
        self.collections_by_name = vectors.collections_by_name
        self._then = then
        self._calls: Counter[str] = Counter()

    def _happen(self, call: str) -> None:
        self._calls[call] += 1
        self._then.pop(f"{call} {self._calls[call]}", lambda: None)()

    def ids(self, collection: str, limit: int, offset: int) -> tuple[str, ...]:
        found = super().ids(collection, limit, offset)
        self._happen("ids")
        return found

    def held(self, collection: str, ids: Sequence[str]) -> set[str]:
        found = super().held(collection, ids)
        self._happen("held")
        return found

    def upsert(
        self, collection: str, ids: Sequence[str], vectors: Vectors, *, create: bool = True
    ) -> None:
        super().upsert(collection, ids, vectors, create=create)
        self._happen("upsert")

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        self._happen("delete")
        super().delete(collection, ids)
