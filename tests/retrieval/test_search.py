"""A search over real stores: two legs, what may be seen, and what is missing."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.contents import Vectors
from data.errors import (
    IndexIncomplete,
    IndexUnavailable,
    LexicalUnavailable,
    LibraryNotFound,
    SearchUnavailable,
)
from data.lexical_follower import LexicalFollower
from data.settings import BatchingSettings, SearchSettings
from data.stores import Stores
from retrieval.encoding import Encoded
from retrieval.exact import ExactSearch
from retrieval.known import KnownChunks
from retrieval.lanes import Lane
from retrieval.legs import DenseLeg, LexicalLeg
from retrieval.neighbours import NeighbourBatcher
from retrieval.passages import Scope
from retrieval.search import Searcher
from retrieval.second_look import SecondLook
from retrieval.targets import Targets
from tests.contracts.corpus import Corpus


class FirstAxis:
    """Every query is nearest to the first chunk of a document."""

    async def encode(self, workspace: str, query: str) -> Encoded:
        return Encoded(np.array([1, 0, 0, 0], np.float32), 1)


class LateEncoder(FirstAxis):
    """Encodes a query when its words have been looked for."""

    def __init__(self) -> None:
        self.looked = threading.Event()

    async def encode(self, workspace: str, query: str) -> Encoded:
        assert await asyncio.to_thread(self.looked.wait, 10)
        return await super().encode(workspace, query)


class WatchedFollower:
    """A lexical index that tells when it is searched."""

    is_open, is_rebuilding = True, False

    def __init__(self, follower: LexicalFollower, looked: threading.Event) -> None:
        self._follower = follower
        self._looked = looked

    def has_followed(self, sequence: int) -> bool:
        return self._follower.has_followed(sequence)

    @property
    def index(self) -> Any:
        self._looked.set()
        return self._follower.index


class BusyEncoder:
    """Has no time for a second look (tests/retrieval/test_second_look.py)."""

    is_busy = True

    async def encode_many(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError(texts)


class MemoryIndex:
    """Neighbours that were put there; it can be away."""

    def __init__(self) -> None:
        self.hits: list[tuple[str, float]] = []
        self.is_away = False
        self.lost: set[str] = set()
        self.asked: list[int] = []

    async def nearest(self, name: str, _vectors: Any, limit: int) -> list[Any]:
        if name in self.lost:
            raise IndexIncomplete
        if self.is_away:
            raise IndexUnavailable
        self.asked.append(limit)
        return [self.hits[:limit]]


class AwayFollower:
    """A lexical index that can't be opened."""

    is_open = False

    def has_followed(self, _sequence: int) -> bool:
        return False

    @property
    def index(self) -> Any:
        raise LexicalUnavailable


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex()


@pytest.fixture
def follower(stores: Stores, tmp_path: Path) -> Iterator[Any]:
    with LexicalFollower(tmp_path / "lexical", stores.catalogue, stores.visibility) as running:
        assert running.wait_for(0, 10)
        yield running


class IdleEncoder:
    """Has time, and counts how often it is asked for it."""

    is_busy = False

    def __init__(self) -> None:
        self.asked = 0

    async def encode_many(self, texts: Sequence[str]) -> Vectors:
        self.asked += 1
        return np.tile(np.array([1, 0, 0, 0], np.float32), (len(texts), 1))


def searcher_of(
    stores: Stores,
    index: Any,
    follower: Any,
    lane: Lane,
    encoder: Any = None,
    queries: Any = None,
) -> Searcher:
    settings, batching = SearchSettings(lexical_wait_seconds=10), BatchingSettings()
    visibility = stores.visibility
    return Searcher(
        Targets(stores.libraries, visibility, stores.catalogue, lane, settings, batching),
        KnownChunks(visibility, lane),
        DenseLeg(
            queries or FirstAxis(), NeighbourBatcher(batching, index), ExactSearch(visibility, lane)
        ),
        LexicalLeg(follower, lane, settings),
        SecondLook(encoder or BusyEncoder(), settings),
        settings,
    )


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    async with Lane("catalogue", 2, 100) as opened:
        yield opened


@pytest.fixture
def searcher(stores: Stores, index: MemoryIndex, follower: Any, lane: Lane) -> Searcher:
    return searcher_of(stores, index, follower, lane)


async def test_both_legs_find_and_both_ranks_are_told(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex
) -> None:
    document = corpus.ready("whales sing", "gulls cry").document.id
    index.hits = [(f"{document}-1-1", 0.9), (f"{document}-1-0", 0.5)]

    found = await searcher.search(Scope(corpus.workspace), "whales", 10)

    assert [passage.text for passage in found.passages] == ["whales sing", "gulls cry"]
    assert dict(found.passages[0].ranks) == {"dense": 2, "lexical": 1}
    assert found.best_similarity == 0.9
    assert not found.lexical_behind


async def test_its_words_are_looked_for_while_the_query_is_encoded(
    stores: Stores, corpus: Corpus, index: MemoryIndex, follower: Any, lane: Lane
) -> None:
    document = corpus.ready("whales sing").document.id
    index.hits = [(f"{document}-1-0", 0.9)]
    late = LateEncoder()
    watched = WatchedFollower(follower, late.looked)
    searcher = searcher_of(stores, index, watched, lane, queries=late)

    found = await searcher.search(Scope(corpus.workspace), "whales", 10)

    assert dict(found.passages[0].ranks) == {"dense": 1, "lexical": 1}


async def test_what_was_deleted_is_not_found_though_both_indexes_have_it(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex, stores: Stores
) -> None:
    gone = corpus.ready("whales sing").document.id
    kept = corpus.ready("whales dive").document.id
    index.hits = [(f"{gone}-1-0", 0.9), (f"{kept}-1-0", 0.5)]
    stores.catalogue.delete_document(corpus.workspace, gone)

    found = await searcher.search(Scope(corpus.workspace), "whales", 10)

    assert [passage.document_id for passage in found.passages] == [kept]
    assert found.best_similarity == 0.5


async def test_more_is_asked_when_much_of_it_is_copies(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex
) -> None:
    copies = corpus.ready(*["the same sentence about whales in the sea"] * 120).document.id
    other = corpus.ready("gulls cry over another shore").document.id
    index.hits = [(f"{copies}-1-{n}", 0.9) for n in range(120)] + [(f"{other}-1-0", 0.2)]

    found = await searcher.search(Scope(corpus.workspace), "sentence", 2)

    assert {passage.document_id for passage in found.passages} == {copies, other}
    assert index.asked == [100, 200]


async def test_a_broad_question_hears_several_documents(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex
) -> None:
    long = corpus.ready(*(f"whales of kind {n}, and much of number {n}" for n in range(20)))
    short = corpus.ready("whales are here as well").document.id
    index.hits = [(f"{long.document.id}-1-{n}", 0.9 - n / 100) for n in range(20)]
    index.hits.append((f"{short}-1-0", 0.6))

    async def documents(question: str) -> set[str]:
        found = await searcher.passages_for_answer(
            Scope(corpus.workspace), question, 5, second_look=True
        )
        return {passage.document_id for passage in found.passages}

    assert await documents("What is said of whales?") == {long.document.id}
    assert await documents("Which documents tell of whales?") == {long.document.id, short}


async def test_more_is_asked_until_enough_is_visible(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex
) -> None:
    kept = corpus.ready("whales dive").document.id
    index.hits = [(f"doc-gone-1-{number}", 0.9) for number in range(200)] + [(f"{kept}-1-0", 0.2)]

    found = await searcher.search(Scope(corpus.workspace), "nothing", 1)

    assert [passage.document_id for passage in found.passages] == [kept]
    assert index.asked == [100, 200, 400]


async def test_a_filter_compares_with_the_stored_vectors(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex
) -> None:
    corpus.ready("whales sing")
    wanted = corpus.ready("gulls cry", "gulls fly", tags=("birds",)).document.id

    for scope in (
        Scope(corpus.workspace, document_ids=(wanted,)),
        Scope(corpus.workspace, tags=("birds",)),
    ):
        found = await searcher.search(scope, "gulls", 10)
        assert {passage.document_id for passage in found.passages} == {wanted}
        assert found.passages[0].text == "gulls cry"
        assert found.best_similarity == 1.0
    assert index.asked == []


async def test_one_leg_is_enough(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex, stores: Stores, lane: Lane
) -> None:
    document = corpus.ready("whales sing").document.id
    index.hits = [(f"{document}-1-0", 0.9)]
    without_words = searcher_of(stores, index, AwayFollower(), lane)

    by_meaning = await without_words.search(Scope(corpus.workspace), "whales", 10)
    index.is_away = True
    by_words = await searcher.search(Scope(corpus.workspace), "whales", 10)

    assert dict(by_meaning.passages[0].ranks) == {"dense": 1}
    assert by_meaning.lexical_behind
    assert dict(by_words.passages[0].ranks) == {"lexical": 1}
    assert by_words.best_similarity is None
    with pytest.raises(SearchUnavailable):
        await without_words.search(Scope(corpus.workspace), "whales", 10)


async def test_a_library_whose_vectors_are_lost_is_searched_by_words(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex, stores: Stores
) -> None:
    kept = stores.libraries.create(corpus.workspace, "kept")
    stores.libraries.of_job(kept.id, "f" * 64)
    corpus.ready("whales sing")
    document = corpus.ready("gulls cry", library="kept").document.id
    index.hits = [(f"{document}-1-0", 0.1)]
    index.lost = {stores.libraries.named(corpus.workspace, ("default",))[0].collection}

    found = await searcher.search(Scope(corpus.workspace, ("default", "kept")), "whales", 10)

    assert [dict(passage.ranks) for passage in found.passages] == [{"lexical": 1}]
    assert found.best_similarity is None


async def test_a_library_that_has_no_vectors_yet_takes_none_from_another(
    searcher: Searcher, corpus: Corpus, index: MemoryIndex, stores: Stores
) -> None:
    new = stores.libraries.create(corpus.workspace, "new")
    index.lost = {stores.libraries.of_job(new.id, "f" * 64).collection}
    document = corpus.ready("whales sing").document.id
    index.hits = [(f"{document}-1-0", 0.9)]

    both = await searcher.search(Scope(corpus.workspace, ("default", "new")), "whales", 10)
    alone = await searcher.search(Scope(corpus.workspace, ("new",)), "seals", 10)

    assert both.best_similarity == 0.9
    assert (alone.passages, alone.ready) == ((), False)


async def test_nothing_ready_is_told_from_nothing_found(searcher: Searcher, corpus: Corpus) -> None:
    assert not (await searcher.search(Scope(corpus.workspace), "whales", 10)).ready

    corpus.ready("gulls cry")

    found = await searcher.search(Scope(corpus.workspace, tags=("none",)), "whales", 10)
    assert found.passages == ()
    assert found.ready


async def test_an_unknown_library_is_an_error(searcher: Searcher, corpus: Corpus) -> None:
    with pytest.raises(LibraryNotFound):
        await searcher.search(Scope(corpus.workspace, ("nowhere",)), "whales", 10)


async def test_an_answer_s_passages_have_their_neighbours(
    searcher: Searcher, corpus: Corpus
) -> None:
    corpus.ready("whales sing", "gulls cry", "seals bark")

    found = await searcher.passages_for_answer(
        Scope(corpus.workspace), "gulls", 1, second_look=True
    )

    assert found.passages[0].text == "whales sing\ngulls cry\nseals bark"
    assert (found.passages[0].page, found.passages[0].page_end) == (2, 3)


async def test_a_second_look_is_for_who_searches_alone(
    stores: Stores, corpus: Corpus, index: MemoryIndex, follower: Any, lane: Lane
) -> None:
    encoder = IdleEncoder()
    searcher = searcher_of(stores, index, follower, lane, encoder)
    for name in ("whales", "gulls"):
        corpus.ready(f"{name} live at the sea of the north")
    scope = Scope(corpus.workspace)
    index.hits = []
    for document in ("whales", "gulls"):
        found = await searcher.search(scope, document, 1)
        index.hits.append((found.passages[0].chunk_id, 0.5))
    encoder.asked = 0

    await asyncio.gather(searcher.search(scope, "sea", 2), searcher.search(scope, "north", 2))
    together = encoder.asked
    await searcher.search(scope, "sea", 2)

    # Who ends last is alone by then.
    assert together <= 1
    assert encoder.asked == together + 1
