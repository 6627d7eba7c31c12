"""A library is rebuilt beside what is indexed and purged, on both databases."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sqlalchemy import update

from data.database import clock
from data.errors import ClaimLost, LibraryNotFound
from data.generations import REPAIRS_AN_HOUR
from data.records import Claim, JobKind, JobState, Library
from data.settings import Settings
from data.stores import Stores
from data.tables import jobs
from tests.contracts.corpus import Corpus, Together
from tests.contracts.small_worker import FINGERPRINT, Worker, rows
from tests.memory_vectors import MemoryVectors
from tests.slices import Counted


@pytest.fixture
def library(stores: Stores) -> Library:
    return stores.libraries.of_job(stores.libraries.every()[0].id, FINGERPRINT)


@pytest.fixture
def vectors() -> MemoryVectors:
    return MemoryVectors()


@pytest.fixture
def worker(stores: Stores, vectors: MemoryVectors, settings: Settings) -> Worker:
    return Worker(stores, vectors, settings)


class TestABuild:
    def test_has_what_is_indexed_and_not_what_is_purged_meanwhile(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        vectors: MemoryVectors,
        settings: Settings,
        together: Together,
    ) -> None:
        old = [corpus.upload().document.id for _ in range(6)]
        Worker(stores, vectors, settings).work()
        for document in old[:4]:
            stores.catalogue.delete_document(corpus.workspace, document)
        for _ in range(6):
            corpus.upload()
        job = stores.generations.queue(corpus.workspace, "default")

        workers = [Worker(stores, vectors, settings).work for _ in range(3)]
        assert together(*workers) == [None] * 3

        assert stores.jobs.get(corpus.workspace, job.id).state is JobState.SUCCEEDED
        now = stores.libraries.holding(library.id)
        assert (now.generation, now.building) == (2, None)
        assert set(vectors.collections_by_name) == {now.collection}
        assert set(vectors.collections_by_name[now.collection]) == rows(stores)
        assert len(rows(stores)) == 8 * 3

    def test_stores_the_vectors_that_were_embedded(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        worker: Worker,
        vectors: MemoryVectors,
    ) -> None:
        corpus.upload()
        worker.work()
        before = dict(vectors.collections_by_name[library.collection])
        stores.generations.queue(corpus.workspace, "default")

        worker.work()

        after = vectors.collections_by_name[library.collection_of(2)]
        assert before.keys() == after.keys()
        for one, vector in after.items():
            assert vector == pytest.approx(before[one], abs=1e-2)

    def test_is_not_read_before_it_is_complete(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        worker: Worker,
        vectors: MemoryVectors,
    ) -> None:
        corpus.upload()
        worker.work()
        stores.generations.queue(corpus.workspace, "default")

        assert worker.reindexer.run_slice(corpus.claim(), Counted(1))

        now = stores.libraries.holding(library.id)
        assert now.collection == library.collection
        assert now.collections == (library.collection, library.collection_of(2))
        assert set(vectors.collections_by_name) == set(now.collections)

    def test_takes_purged_vectors_out_of_both(
        self, stores: Stores, corpus: Corpus, worker: Worker, vectors: MemoryVectors
    ) -> None:
        document = corpus.upload().document.id
        corpus.upload()
        worker.work()
        stores.generations.queue(corpus.workspace, "default")
        worker.reindexer.run_slice(corpus.claim(), Counted(1))

        stores.catalogue.delete_document(corpus.workspace, document)
        worker.work()

        assert set(vectors.rows) == rows(stores)
        assert len(vectors.rows) == 3


class TestWhatIsDead:
    def test_is_counted_until_a_build_replaces_it(
        self, stores: Stores, corpus: Corpus, library: Library, worker: Worker
    ) -> None:
        document = corpus.upload().document.id
        corpus.upload()
        worker.work()
        stores.catalogue.delete_document(corpus.workspace, document)
        worker.work()
        assert stores.libraries.holding(library.id).dead == 3

        stores.generations.queue(corpus.workspace, "default")
        worker.work()

        assert stores.libraries.holding(library.id).dead == 0


class TestQueueing:
    def test_returns_the_job_that_is_open(self, stores: Stores, corpus: Corpus) -> None:
        first = stores.generations.queue(corpus.workspace, "default")
        assert (first.kind, first.document_id) == (JobKind.REINDEX, None)

        corpus.claim()
        assert stores.generations.queue(corpus.workspace, "default").id == first.id
        corpus.finish()

        assert stores.generations.queue(corpus.workspace, "default").id != first.id

    def test_at_the_same_moment_makes_one_job(
        self, stores: Stores, corpus: Corpus, library: Library, together: Together
    ) -> None:
        ask = partial(stores.generations.queue, corpus.workspace, "default")
        repair = partial(stores.generations.queue_repair, library.id)

        together(ask, ask, repair, repair)

        assert len(stores.jobs.newest(corpus.workspace, None, None, 10, None).items) == 1

    def test_of_another_workspace_s_library_finds_none(
        self, stores: Stores, new_workspace: Callable[[], str], corpus: Corpus
    ) -> None:
        stores.libraries.create(corpus.workspace, "mine")

        with pytest.raises(LibraryNotFound):
            stores.generations.queue(new_workspace(), "mine")


class TestARepair:
    def test_tells_why_it_is_there_until_it_is_over(
        self, stores: Stores, corpus: Corpus, library: Library, worker: Worker
    ) -> None:
        assert stores.generations.repairs() == set()
        assert stores.generations.queue_repair(library.id)
        assert not stores.generations.queue_repair(library.id)

        (job,) = stores.jobs.newest(corpus.workspace, None, None, 10, None).items
        assert [warning.code for warning in job.warnings] == ["index_incomplete"]
        assert stores.generations.repairs() == {library.id}
        worker.work()
        assert stores.generations.repairs() == set()

    def test_is_not_begun_again_and_again(
        self, stores: Stores, corpus: Corpus, library: Library
    ) -> None:
        for _ in range(REPAIRS_AN_HOUR):
            assert stores.generations.queue_repair(library.id)
            corpus.finish()

        assert not stores.generations.queue_repair(library.id)
        with stores.database.write() as connection:
            connection.execute(update(jobs).values(created_at=clock() - 3601))
        assert stores.generations.queue_repair(library.id)

    def test_is_not_for_a_deleted_library(self, stores: Stores, corpus: Corpus) -> None:
        library = stores.libraries.create(corpus.workspace, "gone")
        stores.catalogue.delete_library(corpus.workspace, "gone")

        assert not stores.generations.queue_repair(library.id)


class TestAnAbandonedBuild:
    @pytest.fixture
    def building(self, stores: Stores, corpus: Corpus, library: Library, worker: Worker) -> Claim:
        """The claim of a build that is halfway."""
        corpus.upload()
        worker.work()
        stores.generations.queue(corpus.workspace, "default")
        claim = corpus.claim()
        worker.reindexer.run_slice(claim, Counted(1))
        assert stores.libraries.holding(library.id).building == 2
        return claim

    def test_is_given_up_when_its_job_has_ended(
        self, stores: Stores, corpus: Corpus, library: Library, building: Claim
    ) -> None:
        assert stores.generations.give_up_abandoned() == 0
        stores.interventions.cancel(corpus.workspace, building.job_id)

        assert stores.generations.give_up_abandoned() == 1

        assert stores.libraries.holding(library.id).building is None
        assert stores.generations.give_up_abandoned() == 0

    def test_is_kept_while_its_worker_may_still_write(
        self, stores: Stores, corpus: Corpus, building: Claim
    ) -> None:
        claim = corpus.claim()
        stores.interventions.cancel(corpus.workspace, building.job_id)

        assert stores.generations.give_up_abandoned() == 0
        stores.claims.let_go(claim)
        assert stores.generations.give_up_abandoned() == 1

    def test_leaves_nothing_to_the_next_one(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        building: Claim,
        worker: Worker,
        vectors: MemoryVectors,
    ) -> None:
        stores.interventions.cancel(corpus.workspace, building.job_id)
        stores.generations.give_up_abandoned()
        ids = ["doc-purged-meanwhile-1-0"]
        vectors.upsert(library.collection_of(2), ids, np.eye(1, 4, dtype=np.float32))
        stores.generations.queue(corpus.workspace, "default")

        worker.work()

        now = stores.libraries.holding(library.id)
        assert now.generation == 3
        assert set(vectors.collections_by_name) == {now.collection}
        assert set(vectors.rows) == rows(stores)

    def test_can_t_switch_any_more(
        self, stores: Stores, corpus: Corpus, library: Library, building: Claim
    ) -> None:
        claim = corpus.claim()
        stores.interventions.cancel(corpus.workspace, building.job_id)

        with pytest.raises(ClaimLost):
            stores.generations.switch(claim, 2)
        with pytest.raises(ClaimLost):
            stores.generations.begin(claim, 3)

        now = stores.libraries.holding(library.id)
        assert (now.generation, now.building) == (1, 2)
