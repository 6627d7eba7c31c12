"""The check of the vector index sees what it has lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from api.wholeness import Wholeness
from data.levelling import Leveller
from data.records import Library
from data.stores import Stores
from retrieval.lanes import Lane
from tests.contracts.corpus import Corpus
from tests.memory_vectors import MemoryVectors
from tests.slices import Unbounded
from workers.reindexing import Reindexer

if TYPE_CHECKING:
    from tests.api.conftest import Service


class AsyncVectors:
    """The vectors in memory, for who awaits them."""

    def __init__(self, vectors: MemoryVectors) -> None:
        self._vectors = vectors
        self.looks = 0

    async def collections(self) -> tuple[str, ...]:
        self.looks += 1
        return self._vectors.collections()

    async def count(self, collection: str) -> int | None:
        return self._vectors.count(collection)


@pytest.fixture
def stores(service: "Service") -> Stores:
    return service.stores


@pytest.fixture
def corpus(service: "Service") -> Corpus:
    return Corpus(service.stores, service.workspace)


@pytest.fixture
def vectors() -> MemoryVectors:
    return MemoryVectors()


@pytest.fixture
def library(stores: Stores, corpus: Corpus, vectors: MemoryVectors) -> Library:
    """A library with two published chunks and their vectors."""
    made = stores.libraries.of_job(stores.libraries.every()[0].id, "f" * 64)
    corpus.ready("one", "two")
    vectors.create(made.collection)
    Leveller(stores.holdings, vectors).mend(made, made.collection)
    return made


@pytest.fixture
def index(vectors: MemoryVectors) -> AsyncVectors:
    return AsyncVectors(vectors)


@pytest.fixture
async def wholeness(stores: Stores, index: AsyncVectors) -> AsyncIterator[Wholeness]:
    async with Lane("checks", 2, 100) as lane:
        made = Wholeness(index, stores, lane, well_seconds=0, unwell_seconds=0)
        yield made
        await made.close()


async def becomes(wholeness: Wholeness, expected: int) -> None:
    """Wait until so many libraries are told to be lost."""
    async with asyncio.timeout(10):
        while await wholeness.lost() != expected:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.01)


async def test_the_first_look_sees_a_lost_collection(
    library: Library, vectors: MemoryVectors, wholeness: Wholeness
) -> None:
    vectors.drop(library.collection)

    assert await wholeness.lost() == 1


async def test_a_lost_vector_is_seen_until_the_library_is_rebuilt(
    stores: Stores, corpus: Corpus, library: Library, vectors: MemoryVectors, wholeness: Wholeness
) -> None:
    assert await wholeness.lost() == 0
    vectors.delete(library.collection, vectors.ids(library.collection, 1, 0))
    await becomes(wholeness, 1)
    stores.generations.queue_repair(library.id)
    assert await wholeness.lost() == 1

    Reindexer(stores, vectors, pause=lambda _: None).run_slice(corpus.claim(), Unbounded())

    await becomes(wholeness, 0)


async def test_what_the_workers_have_found_is_told_at_once(
    stores: Stores, library: Library, wholeness: Wholeness
) -> None:
    assert await wholeness.lost() == 0
    stores.generations.queue_repair(library.id)

    assert await wholeness.lost() == 1


async def test_a_rebuild_that_somebody_asked_for_is_no_loss(
    stores: Stores, corpus: Corpus, library: Library, wholeness: Wholeness
) -> None:
    assert library
    stores.generations.queue(corpus.workspace, "default")

    assert await wholeness.lost() == 0


async def test_a_library_without_a_published_document_has_nothing_to_lose(
    stores: Stores, wholeness: Wholeness
) -> None:
    stores.libraries.of_job(stores.libraries.every()[0].id, "f" * 64)

    assert await wholeness.lost() == 0


async def test_an_index_that_is_away_changes_nothing(
    library: Library, vectors: MemoryVectors, wholeness: Wholeness
) -> None:
    vectors.drop(library.collection)
    assert await wholeness.lost() == 1

    vectors.is_away = True

    assert await wholeness.lost() == 1


async def test_many_checks_are_one_look(
    stores: Stores, library: Library, index: AsyncVectors
) -> None:
    assert library
    async with Lane("checks", 2, 100) as lane:
        wholeness = Wholeness(index, stores, lane)
        for _ in range(5):
            assert await wholeness.lost() == 0
        await wholeness.close()

    assert index.looks == 1
