"""What the vector index loses is noticed and rebuilt; what nobody reads is removed."""

from collections.abc import Callable

import pytest

from data.levelling import Leveller
from data.records import JobKind, Library
from data.stores import Stores
from tests.contracts.corpus import Corpus
from tests.memory_vectors import MemoryVectors
from tests.slices import Counted, Unbounded
from workers.index_watch import LIBRARIES, ORPHAN_SECONDS, IndexWatch
from workers.reindexing import Reindexer


@pytest.fixture
def corpus(stores: Stores, workspace: str) -> Corpus:
    return Corpus(stores, workspace)


@pytest.fixture
def library(stores: Stores, corpus: Corpus, vectors: MemoryVectors) -> Library:
    """A library with two published chunks and their vectors."""
    made = stores.libraries.of_job(stores.libraries.every()[0].id, "f" * 64)
    corpus.ready("one", "two")
    vectors.create(made.collection)
    Leveller(stores.holdings, vectors).mend(made, made.collection)
    return made


@pytest.fixture
def vectors() -> MemoryVectors:
    return MemoryVectors()


@pytest.fixture
def watch(stores: Stores, vectors: MemoryVectors) -> IndexWatch:
    return IndexWatch(stores, vectors)


def rebuild(stores: Stores, corpus: Corpus, vectors: MemoryVectors) -> None:
    """Do the rebuild that is queued, and its pause after the switch."""
    claim = corpus.claim()
    assert claim.kind is JobKind.REINDEX
    Reindexer(stores, vectors, pause=lambda _: None).run_slice(claim, Unbounded())


class TestALoss:
    @pytest.mark.parametrize(
        "lose",
        [
            lambda vectors, library: vectors.drop(library.collection),
            lambda vectors, library: vectors.unreadable.add(library.collection),
            lambda vectors, library: vectors.delete(
                library.collection, vectors.ids(library.collection, 1, 0)
            ),
        ],
        ids=["of the collection", "of its files", "of a vector"],
    )
    def test_is_rebuilt_once(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        vectors: MemoryVectors,
        watch: IndexWatch,
        lose: Callable[[MemoryVectors, Library], object],
    ) -> None:
        assert watch.run_once() == 0
        lose(vectors, library)

        assert watch.run_once() == 1
        assert watch.run_once() == 0
        rebuild(stores, corpus, vectors)

        assert watch.run_once() == 0
        now = stores.libraries.holding(library.id)
        assert vectors.count(now.collection) == 2

    def test_is_none_while_a_build_goes_on(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        vectors: MemoryVectors,
        watch: IndexWatch,
    ) -> None:
        stores.generations.queue(corpus.workspace, "default")
        Reindexer(stores, vectors).run_slice(corpus.claim(), Counted(1))
        vectors.drop(library.collection)

        assert watch.run_once() == 0
        assert stores.generations.repairs() == set()

    def test_is_none_while_the_index_is_away(
        self, library: Library, vectors: MemoryVectors, watch: IndexWatch
    ) -> None:
        vectors.drop(library.collection)
        vectors.is_away = True
        assert watch.run_once() == 0

        vectors.is_away = False
        assert watch.run_once() == 1

    def test_is_none_when_what_is_missing_was_never_published(
        self, stores: Stores, corpus: Corpus, watch: IndexWatch
    ) -> None:
        stores.libraries.of_job(stores.libraries.every()[0].id, "f" * 64)
        corpus.upload()
        corpus.embed(corpus.claim(), ("one",))

        assert watch.run_once() == 0

    def test_is_none_when_it_was_purged_between_two_looks(
        self, stores: Stores, corpus: Corpus, library: Library
    ) -> None:
        (document,) = stores.documents.newest(corpus.workspace, None, None, (), 1, None).items

        class Purging(MemoryVectors):
            def count(self, collection: str) -> int | None:
                stores.catalogue.delete_document(corpus.workspace, document.id)
                return 0

        vectors = Purging()
        vectors.create(library.collection)

        assert IndexWatch(stores, vectors).run_once() == 0

    def test_is_found_in_any_of_many_libraries(
        self, stores: Stores, corpus: Corpus, library: Library, vectors: MemoryVectors
    ) -> None:
        for number in range(LIBRARIES + 3):
            name = f"many-{number}"
            made = stores.libraries.create(corpus.workspace, name)
            vectors.create(stores.libraries.of_job(made.id, "f" * 64).collection)
        vectors.unreadable.add(library.collection)
        watch = IndexWatch(stores, vectors)

        assert watch.run_once() + watch.run_once() == 1


class TestAnOrphan:
    def test_is_dropped_after_a_while_and_no_other(
        self, stores: Stores, library: Library, vectors: MemoryVectors
    ) -> None:
        time = [0.0]
        watch = IndexWatch(stores, vectors, lambda: time[0])
        others = {"fn-lib-of-another-catalogue-1", library.collection}
        for name in (library.collection_of(7), *others):
            vectors.create(name)

        for seconds, names in (
            (0, {*others, library.collection_of(7)}),
            (ORPHAN_SECONDS - 1, {*others, library.collection_of(7)}),
            (ORPHAN_SECONDS + 1, others),
        ):
            time[0] = seconds
            watch.run_once()
            assert set(vectors.collections()) == names

    def test_is_what_a_cancelled_build_leaves(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        vectors: MemoryVectors,
    ) -> None:
        time = [0.0]
        watch = IndexWatch(stores, vectors, lambda: time[0])
        job = stores.generations.queue(corpus.workspace, "default")
        Reindexer(stores, vectors).run_slice(corpus.claim(), Counted(1))
        stores.interventions.cancel(corpus.workspace, job.id)

        watch.run_once()
        time[0] = ORPHAN_SECONDS + 1
        watch.run_once()

        assert vectors.collections() == (library.collection,)
        assert stores.libraries.holding(library.id).building is None
