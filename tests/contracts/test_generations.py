"""A library is rebuilt beside what is indexed and purged, on both databases."""

import re
import time
import zlib
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest
from sqlalchemy import select, update

from data.boxes import pack
from data.contents import Line, Page, Profile, Vectors
from data.database import clock
from data.errors import ClaimLost, LibraryNotFound, Unavailable
from data.generations import REPAIRS_AN_HOUR
from data.jobs import is_open
from data.records import Claim, Effort, JobKind, JobStage, JobState, Library
from data.settings import Settings
from data.stores import Stores
from data.tables import chunks, jobs
from ingestion.embedding_pass import EmbeddingPass, Encoder
from tests.contracts.corpus import Corpus, Together, end_waiting
from tests.memory_vectors import MemoryVectors
from tests.slices import Counted, Unbounded
from workers.purging import Purger
from workers.reindexing import Reindexer

FINGERPRINT = "f" * 64


@pytest.fixture
def library(stores: Stores) -> Library:
    return stores.libraries.of_job(stores.libraries.every()[0].id, FINGERPRINT)


@pytest.fixture
def vectors() -> MemoryVectors:
    return MemoryVectors()


@pytest.fixture
def worker(stores: Stores, vectors: MemoryVectors, settings: Settings) -> "Worker":
    return Worker(stores, vectors, settings)


class Worker:
    """Does slices of whatever is claimable, as worker children do; several may at once."""

    def __init__(self, stores: Stores, vectors: MemoryVectors, settings: Settings) -> None:
        self._stores = stores
        encoder = Encoder(FINGERPRINT, 4, embed, token_starts)
        self._embedding = EmbeddingPass(stores, vectors, encoder, settings)
        self._purger = Purger(stores, vectors)
        self.reindexer = Reindexer(stores, vectors, pause=lambda _: None)

    def work(self) -> None:
        """Do slices until no job is open."""
        deadline = time.monotonic() + 60
        while self._is_any_open():
            assert time.monotonic() < deadline
            if claim := self._stores.claims.claim():
                self._do(claim)

    def _do(self, claim: Claim) -> None:
        try:
            match claim.kind:
                case JobKind.INGEST:
                    self.ingest(claim)
                case JobKind.PURGE:
                    self._purger.run(claim, Counted(1))
                case JobKind.REINDEX:
                    self.reindexer.run_slice(claim, Counted(1))
        except Unavailable as error:
            self._stores.claims.wait(claim, str(error))
            end_waiting(self._stores, claim)
        except ClaimLost:
            self._stores.claims.let_go(claim)

    def ingest(self, claim: Claim) -> None:
        """Do the next of the three slices of a small file."""
        if claim.stage is JobStage.EMBEDDING:
            assert self._embedding.run_slice(claim, Unbounded()) == claim.total
            count = self._stores.chunks.count_until(claim, claim.total)
            self._stores.catalogue.publish(claim, claim.total, count, ())
        elif claim.total:
            self._stores.versions.write_profile(claim, Profile("Title"))
        else:
            read = [
                page_of(f"Page {number} of {claim.document_id}.", number) for number in (1, 2, 3)
            ]
            self._stores.versions.write_pages(claim, read, len(read), None, Effort())

    def _is_any_open(self) -> bool:
        with self._stores.database.read() as connection:
            return connection.execute(select(jobs.c.id).where(is_open())).first() is not None


def page_of(text: str, number: int) -> Page:
    boxes = np.tile(np.array([0.1, 0.4, 0.2, 0.5], np.float32), (len(text), 1))
    return Page(number, text, pack(boxes), (Line(0, len(text), 10.0, bold=False),))


def embed(texts: Sequence[str]) -> Vectors:
    seeds = [zlib.crc32(text.encode()) for text in texts]
    return np.stack([np.random.default_rng(seed).standard_normal(4) for seed in seeds]).astype("f4")


def token_starts(text: str) -> Sequence[int]:
    return [word.start() for word in re.finditer(r"\S+", text)]


def rows(stores: Stores) -> set[str]:
    with stores.database.read() as connection:
        return set(connection.execute(select(chunks.c.id)).scalars())


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
