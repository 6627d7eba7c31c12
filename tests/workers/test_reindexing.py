"""A rebuild goes on wherever it was killed, and gives way to others between its slices."""

import numpy as np
import pytest
from sqlalchemy import update

from data.errors import ClaimLost, IndexUnavailable
from data.levelling import BATCH, Leveller
from data.records import JobState, Library
from data.stores import Stores
from data.tables import jobs
from tests.contracts.corpus import Corpus, let_lease_run_out
from tests.memory_vectors import MemoryVectors
from tests.slices import Counted, Unbounded
from workers.reindexing import Reindexer

CHUNKS = 2 * BATCH + 200


class Killed(BaseException):
    """The process is gone."""


class Deadly(MemoryVectors):
    """A vector index whose user is killed at a certain call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls_left: int | None = None

    def _answer(self) -> None:
        super()._answer()
        if self.calls_left is not None:
            self.calls_left -= 1
            if self.calls_left < 0:
                raise Killed


@pytest.fixture
def vectors() -> Deadly:
    return Deadly()


@pytest.fixture
def corpus(stores: Stores, workspace: str) -> Corpus:
    return Corpus(stores, workspace)


@pytest.fixture
def library(stores: Stores, corpus: Corpus) -> Library:
    """A library with some chunks of which all vectors are lost."""
    made = stores.libraries.of_job(stores.libraries.every()[0].id, "f" * 64)
    for number in range(CHUNKS // 100):
        corpus.ready(*(f"text {number} {page}" for page in range(100)))
    return made


@pytest.fixture
def reindexer(stores: Stores, vectors: Deadly) -> Reindexer:
    return Reindexer(stores, vectors, pause=lambda _: None)


def test_a_library_is_rebuilt_in_slices_with_progress_that_never_goes_back(
    stores: Stores, corpus: Corpus, library: Library, vectors: Deadly, reindexer: Reindexer
) -> None:
    job = stores.generations.queue(corpus.workspace, "default")
    done = [0]
    while reindexer.run_slice(corpus.claim(), Counted(1)):
        shown = stores.jobs.get(corpus.workspace, job.id)
        assert (shown.state, shown.total) == (JobState.RUNNING, CHUNKS)
        done.append(shown.done)

    assert done == sorted(done)
    assert done[:4] == [0, BATCH, 2 * BATCH, CHUNKS]
    assert stores.jobs.get(corpus.workspace, job.id).state is JobState.SUCCEEDED
    assert vectors.collections() == (library.collection_of(2),)
    assert vectors.count(library.collection_of(2)) == CHUNKS


def test_a_rebuild_that_is_killed_at_any_call_ends_with_every_vector(
    stores: Stores, corpus: Corpus, library: Library, vectors: Deadly
) -> None:
    job = stores.generations.queue(corpus.workspace, "default")
    kills = 0
    while not stores.jobs.get(corpus.workspace, job.id).state.is_final:
        claim = corpus.claim()
        vectors.calls_left = kills
        try:
            Reindexer(stores, vectors, pause=lambda _: None).run_slice(claim, Unbounded())
        except Killed:
            kills += 1
            let_lease_run_out(stores, claim)
            forget_attempts(stores)
        vectors.calls_left = None

    assert kills > 5
    now = stores.libraries.holding(library.id)
    assert now.building is None
    assert list(Leveller(stores.holdings, vectors).missing(now, now.collection)) == []
    assert vectors.count(now.collection) == CHUNKS


def test_a_new_collection_that_is_lost_while_it_is_built_is_begun_again(
    stores: Stores, corpus: Corpus, library: Library, vectors: Deadly, reindexer: Reindexer
) -> None:
    stores.generations.queue(corpus.workspace, "default")
    assert reindexer.run_slice(corpus.claim(), Counted(1))
    vectors.collections_by_name.clear()

    assert not reindexer.run_slice(corpus.claim(), Unbounded())

    assert vectors.count(library.collection_of(2)) == CHUNKS


def test_vectors_that_are_lost_while_others_are_stored_are_stored_again(
    stores: Stores, corpus: Corpus, library: Library, vectors: Deadly, reindexer: Reindexer
) -> None:
    stores.generations.queue(corpus.workspace, "default")
    assert reindexer.run_slice(corpus.claim(), Counted(1))
    vectors.delete(library.collection_of(2), vectors.ids(library.collection_of(2), 10, 0))

    assert not reindexer.run_slice(corpus.claim(), Unbounded())

    assert vectors.count(library.collection_of(2)) == CHUNKS


def test_an_index_that_is_away_is_a_wait(
    stores: Stores, corpus: Corpus, library: Library, vectors: Deadly, reindexer: Reindexer
) -> None:
    stores.generations.queue(corpus.workspace, "default")
    claim = corpus.claim()
    vectors.is_away = True
    with pytest.raises(IndexUnavailable):
        reindexer.run_slice(claim, Unbounded())

    vectors.is_away = False
    assert not reindexer.run_slice(claim, Unbounded())

    assert vectors.count(stores.libraries.holding(library.id).collection) == CHUNKS


def test_what_a_killed_purge_left_in_the_new_collection_is_taken_out(
    stores: Stores, corpus: Corpus, library: Library, vectors: Deadly, reindexer: Reindexer
) -> None:
    stores.generations.queue(corpus.workspace, "default")
    assert reindexer.run_slice(corpus.claim(), Counted(1))
    vectors.upsert(library.collection_of(2), ["doc-gone-1-0"], np.eye(1, 4, dtype=np.float32))

    assert not reindexer.run_slice(corpus.claim(), Unbounded())

    assert vectors.held(library.collection_of(2), ["doc-gone-1-0"]) == set()


def test_a_worker_that_has_lost_its_claim_does_not_switch(
    stores: Stores, corpus: Corpus, library: Library, reindexer: Reindexer
) -> None:
    job = stores.generations.queue(corpus.workspace, "default")
    claim = corpus.claim()
    stores.interventions.cancel(corpus.workspace, job.id)

    with pytest.raises(ClaimLost):
        reindexer.run_slice(claim, Unbounded())

    assert stores.libraries.holding(library.id).generation == 1


def test_a_library_in_which_nothing_was_embedded_is_done_at_once(
    stores: Stores, corpus: Corpus, vectors: Deadly, reindexer: Reindexer
) -> None:
    job = stores.generations.queue(corpus.workspace, "default")

    assert not reindexer.run_slice(corpus.claim(), Unbounded())

    assert stores.jobs.get(corpus.workspace, job.id).state is JobState.SUCCEEDED
    assert vectors.collections() == ()


def forget_attempts(stores: Stores) -> None:
    """What checkpoints do, of which a test with a single slice has none."""
    with stores.database.write() as connection:
        connection.execute(update(jobs).values(attempts=0))
