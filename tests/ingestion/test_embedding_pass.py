"""Vectors go to every collection that is to hold them, whatever happens to it meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from data.errors import ClaimLost
from data.levelling import Leveller
from data.records import Claim, JobStage, JobState, Library
from data.settings import Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from data.tables import chunks
from ingestion.removal import remove_chunks
from tests.contracts.corpus import Corpus, let_lease_run_out
from tests.contracts.small_worker import FINGERPRINT, Worker, rows
from tests.memory_vectors import Meanwhile, MemoryVectors
from tests.slices import Counted


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    prepare(settings)
    with open_stores(settings) as opened:
        yield opened


@pytest.fixture
def library(stores: Stores) -> Library:
    return stores.libraries.of_job(stores.libraries.every()[0].id, FINGERPRINT)


@pytest.fixture
def corpus(stores: Stores, library: Library) -> Corpus:
    return Corpus(stores, library.workspace)


@pytest.fixture
def vectors() -> MemoryVectors:
    return MemoryVectors()


@pytest.fixture
def worker(stores: Stores, vectors: MemoryVectors, settings: Settings) -> Worker:
    return Worker(stores, vectors, settings)


def embedding(corpus: Corpus, worker: Worker) -> Claim:
    """Upload a file, and return the claim of the slice that embeds it."""
    corpus.upload()
    for _ in range(2):
        worker.ingest(corpus.claim())
    claim = corpus.claim()
    assert claim.stage is JobStage.EMBEDDING
    return claim


class TestACollection:
    def test_comes_with_the_first_vectors_of_its_library(
        self, corpus: Corpus, library: Library, worker: Worker, vectors: MemoryVectors
    ) -> None:
        corpus.upload()
        worker.work()

        assert vectors.count(library.collection) == 3

    def test_that_was_lost_is_not_made_again_with_a_part_of_its_vectors(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        worker: Worker,
        vectors: MemoryVectors,
    ) -> None:
        corpus.upload()
        worker.work()
        vectors.drop(library.collection)

        job = corpus.upload().job
        worker.work()

        assert stores.jobs.get(corpus.workspace, job.id).state is JobState.SUCCEEDED
        assert vectors.collections() == ()
        stores.generations.queue_repair(library.id)
        worker.work()
        assert set(vectors.rows) == rows(stores)

    def test_that_was_lost_is_not_made_again_while_its_successor_is_built(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        worker: Worker,
        vectors: MemoryVectors,
    ) -> None:
        claim = embedding(corpus, worker)
        stores.generations.queue(corpus.workspace, "default")
        worker.reindexer.run_slice(corpus.claim(), Counted(1))

        worker.ingest(claim)

        assert vectors.collections() == (library.collection_of(2),)
        assert vectors.count(library.collection_of(2)) == 3


class TestALostClaim:
    def test_leaves_no_vector_of_rows_that_were_removed_meanwhile(
        self, stores: Stores, corpus: Corpus, library: Library, settings: Settings
    ) -> None:
        vectors = MemoryVectors()
        worker = Worker(stores, vectors, settings)
        claim = embedding(corpus, worker)

        def purged() -> None:
            stores.catalogue.delete_document(corpus.workspace, claim.document_id)
            with stores.database.write() as connection:
                connection.execute(delete(chunks))

        late = Worker(stores, Meanwhile(vectors, {"upsert 1": purged}), settings)

        with pytest.raises(ClaimLost):
            late.ingest(claim)
        assert vectors.collections() == (library.collection,)
        assert vectors.rows == {}

    def test_leaves_what_another_worker_still_needs(
        self, stores: Stores, corpus: Corpus, settings: Settings
    ) -> None:
        vectors = MemoryVectors()
        claim = embedding(corpus, Worker(stores, vectors, settings))

        def cancelled() -> None:
            stores.interventions.cancel(corpus.workspace, claim.job_id)

        with pytest.raises(ClaimLost):
            Worker(stores, Meanwhile(vectors, {"upsert 1": cancelled}), settings).ingest(claim)
        assert set(vectors.rows) == rows(stores)
        assert len(vectors.rows) == 3


class TestWhatALostAttemptWrote:
    def test_is_in_neither_before_it_is_written_again(
        self, stores: Stores, corpus: Corpus, settings: Settings, vectors: MemoryVectors
    ) -> None:
        worker = Worker(stores, vectors, settings)
        claim = embedding(corpus, worker)

        def killed() -> None:
            raise KeyboardInterrupt

        dying = Worker(stores, Meanwhile(vectors, {"upsert 1": killed}), settings)
        with pytest.raises(KeyboardInterrupt):
            dying.ingest(claim)
        assert len(vectors.rows) == len(rows(stores)) == 3
        let_lease_run_out(stores, claim)
        left: list[set[str]] = []
        worker.on_embed = lambda: left.append({*vectors.rows, *rows(stores)})

        worker.ingest(corpus.claim())

        assert left == [set()]
        assert set(vectors.rows) == rows(stores)


class TestARemoval:
    def test_reaches_a_collection_that_is_filled_while_it_goes_on(
        self,
        stores: Stores,
        corpus: Corpus,
        library: Library,
        worker: Worker,
        vectors: MemoryVectors,
    ) -> None:
        document = corpus.upload().document.id
        worker.work()
        stores.generations.queue(corpus.workspace, "default")
        building = corpus.claim()
        stores.catalogue.delete_document(corpus.workspace, document)
        purge = corpus.claim()

        def built() -> None:
            stores.generations.begin(building, 2)
            vectors.create(library.collection_of(2))
            Leveller(stores.holdings, vectors).fill(library, library.collection_of(2), "")
            assert vectors.count(library.collection_of(2)) == 3

        remove_chunks(purge, stores, Meanwhile(vectors, {"delete 1": built}), None)

        assert set(vectors.collections()) == {library.collection, library.collection_of(2)}
        assert vectors.rows == {}
        assert rows(stores) == set()
        assert stores.libraries.holding(library.id).dead == 3
