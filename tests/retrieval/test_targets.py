"""Where a question is to be answered from."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from data.catalogue import Catalogue
from data.database import Database
from data.errors import DocumentNotFound, LibraryNotFound
from data.settings import BatchingSettings, SearchSettings
from data.stores import Stores
from retrieval.lanes import Lane
from retrieval.passages import Scope
from retrieval.targets import Targets
from tests.contracts.corpus import Corpus


@pytest.fixture
async def targets(stores: Stores) -> AsyncIterator[Targets]:
    settings = SearchSettings(exact_chunks=2)
    async with (
        Lane("catalogue", 1, 100) as lane,
        aclosing(
            Targets(
                *(stores.libraries, stores.visibility, stores.catalogue),
                *(lane, settings, BatchingSettings()),
            )
        ) as opened,
    ):
        yield opened


async def test_a_scope_without_filters_is_its_whole_libraries(
    targets: Targets, stores: Stores, corpus: Corpus
) -> None:
    corpus.ready("whales sing")

    target = await targets.of(Scope(corpus.workspace))

    assert [library.name for library in target.libraries] == ["default"]
    assert target.selected is None
    assert target.sequence == stores.catalogue.sequence() > 0


async def test_an_unknown_library_is_an_error_of_its_own_caller_only(
    targets: Targets, corpus: Corpus
) -> None:
    scopes = Scope(corpus.workspace, ("nowhere",)), Scope(corpus.workspace)

    wrong, right = await asyncio.gather(*map(targets.of, scopes), return_exceptions=True)

    assert isinstance(wrong, LibraryNotFound)
    assert not isinstance(right, BaseException)


async def test_a_filter_selects_versions_and_is_exact_while_they_are_few(
    targets: Targets, corpus: Corpus
) -> None:
    few = corpus.ready("whales sing", "whales dive").document.id
    many = corpus.ready("gulls", "terns", "auks").document.id

    def scope(*documents: str) -> Scope:
        return Scope(corpus.workspace, document_ids=documents)

    small, large = await targets.of(scope(few)), await targets.of(scope(few, many))

    assert small.selected == frozenset({(few, 1)})
    assert small.is_exact
    assert large.selected == frozenset({(few, 1), (many, 1)})
    assert not large.is_exact
    with pytest.raises(DocumentNotFound):
        await targets.of(scope("doc-nowhere"))


async def test_what_is_published_before_a_call_is_never_missed_by_it(
    targets: Targets, stores: Stores, corpus: Corpus
) -> None:
    for number in range(5):
        corpus.ready(f"whales {number}")
        now = stores.catalogue.sequence()

        found = await asyncio.gather(*(targets.of(Scope(corpus.workspace)) for _ in range(3)))

        assert {target.sequence for target in found} == {now}


class SlowCatalogue(Catalogue):
    """Tells its sequence when it may, as it was when it was asked."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.has_read = threading.Event()
        self.may_tell = threading.Event()

    def sequence(self) -> int:
        found = super().sequence()
        self.has_read.set()
        self.may_tell.wait(10)
        return found


async def test_a_look_that_began_before_a_change_is_not_for_who_comes_after_it(
    stores: Stores, corpus: Corpus
) -> None:
    catalogue, scope = SlowCatalogue(stores.database), Scope(corpus.workspace)
    parts = (stores.libraries, stores.visibility, catalogue)
    async with (
        Lane("catalogue", 1, 100) as lane,
        aclosing(Targets(*parts, lane, SearchSettings(), BatchingSettings())) as targets,
    ):
        before = asyncio.create_task(targets.of(scope))
        await asyncio.to_thread(catalogue.has_read.wait, 10)
        corpus.ready("whales sing")
        after = asyncio.create_task(targets.of(scope))
        await asyncio.sleep(0)
        catalogue.may_tell.set()

        assert (await before).sequence < (await after).sequence == stores.catalogue.sequence()
