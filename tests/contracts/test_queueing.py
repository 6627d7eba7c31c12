"""Which job is next, how often it is tried, and who is rung for it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import select, update

from data.database import clock
from data.records import DocumentState, JobKind, JobStage, JobState
from data.settings import JobSettings
from data.stores import Stores
from data.tables import jobs, workers, workspaces
from tests.contracts.corpus import Corpus, end_waiting, let_lease_run_out

Reopen = Callable[..., AbstractContextManager[Stores]]


class TestAttempts:
    def test_end_the_job_after_three_without_progress_with_the_last_reason(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        for number in (1, 2, 3):
            claim = corpus.claim()
            assert claim.attempts == number
            stores.claims.release(claim, f"Reason {number}.")
            end_waiting(stores, claim)

        assert stores.claims.claim() is None

        job = stores.jobs.get(workspace, receipt.job.id)
        assert (job.state, job.error_code) == (JobState.FAILED, "attempts_exhausted")
        assert str(job.error_message).endswith("Reason 3.")
        assert stores.documents.get(workspace, receipt.document.id).state is DocumentState.FAILED

    def test_are_forgotten_at_every_checkpoint(self, corpus: Corpus, stores: Stores) -> None:
        corpus.upload()
        for page in range(1, 6):
            lost = corpus.claim()
            let_lease_run_out(stores, lost)
            stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, page, 9)

        assert corpus.claim().attempts == 1

    def test_do_not_count_outages(self, corpus: Corpus, stores: Stores, workspace: str) -> None:
        receipt = corpus.upload()
        for _ in range(5):
            claim = corpus.claim()
            assert claim.attempts == 1
            stores.claims.wait(claim, "The index is away.")
            assert stores.claims.claim() is None
            end_waiting(stores, claim)

        job = stores.jobs.get(workspace, receipt.job.id)
        assert not job.state.is_final
        assert (job.attempts, job.error_message) == (0, "The index is away.")

    def test_do_not_count_what_was_handed_back(self, corpus: Corpus, stores: Stores) -> None:
        corpus.upload()
        for _ in range(5):
            claim = corpus.claim()
            assert claim.attempts == 1
            stores.claims.hand_back(claim)

    def test_that_are_exhausted_do_not_keep_other_jobs_from_being_claimed(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        corpus.upload()
        for _ in range(3):
            let_lease_run_out(stores, corpus.claim())
        other = corpus.upload()

        assert corpus.claim().job_id == other.job.id

    def test_never_run_out_for_what_was_deleted(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        stores.catalogue.delete_document(workspace, receipt.document.id)
        for _ in range(5):
            purge = corpus.claim()
            stores.claims.release(purge, "The disk is read-only.")
            end_waiting(stores, purge)

        assert corpus.claim().kind is JobKind.PURGE


class TestFairness:
    def test_prefers_the_job_with_the_fewest_slices_done(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        huge = corpus.upload()
        for page in (1, 2, 3):
            stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, page, 1000)
        small = corpus.upload()

        assert [corpus.claim().job_id, corpus.claim().job_id] == [small.job.id, huge.job.id]

    def test_prefers_the_older_of_two_untouched_jobs(self, corpus: Corpus) -> None:
        ids = [corpus.upload().job.id for _ in range(4)]

        assert [corpus.claim().job_id for _ in ids] == ids

    def test_serves_workspaces_in_turn(
        self, corpus: Corpus, new_workspace: Callable[[], str], workspace: str
    ) -> None:
        other = new_workspace()
        for _ in range(4):
            corpus.upload()
        for _ in range(2):
            corpus.upload(workspace=other)

        served = [corpus.claim().workspace for _ in range(6)]

        assert served[0] != served[1] != served[2] != served[3]
        assert served[4:] == [workspace, workspace]

    def test_survives_a_clock_that_was_set_back(
        self, corpus: Corpus, new_workspace: Callable[[], str], stores: Stores, workspace: str
    ) -> None:
        other = new_workspace()
        corpus.upload()
        corpus.upload(workspace=other)
        for identity, served_at in ((workspace, clock() + 3600), (other, clock())):
            with stores.database.write() as connection:
                connection.execute(
                    update(workspaces)
                    .where(workspaces.c.id == identity)
                    .values(served_at=served_at)
                )

        assert corpus.claim().workspace == workspace


class TestAnIdleWorker:
    @pytest.fixture
    def worker(self, stores: Stores) -> str:
        """A worker that is ready, and was so for long enough to have taken a job."""
        stores.presence.beat("me")
        stores.presence.stir("me")
        with stores.database.write() as connection:
            connection.execute(update(workers).values(active_at=clock() - 60))
        return "me"

    def test_takes_no_job_though_there_is_one(
        self, corpus: Corpus, stores: Stores, worker: str
    ) -> None:
        assert not stores.rings.is_idle(worker, 10)

        corpus.upload()

        assert stores.rings.is_idle(worker, 10)

    def test_is_none_that_holds_a_job(self, corpus: Corpus, stores: Stores, worker: str) -> None:
        corpus.upload()
        assert stores.claims.claim(worker)
        corpus.upload()
        with stores.database.write() as connection:
            connection.execute(update(workers).values(active_at=clock() - 60))

        assert not stores.rings.is_idle(worker, 10)

    def test_is_none_that_took_a_job_lately(
        self, corpus: Corpus, stores: Stores, worker: str
    ) -> None:
        corpus.upload()
        claim = stores.claims.claim(worker)
        assert claim
        stores.claims.hand_back(claim)

        assert not stores.rings.is_idle(worker, 10)
        assert stores.rings.is_idle(worker, 0)

    def test_is_none_that_is_not_ready_yet(self, corpus: Corpus, stores: Stores) -> None:
        stores.presence.beat("new")
        corpus.upload()

        assert not stores.rings.is_idle("new", 0)

    def test_is_one_whatever_happened_to_the_clock(
        self, corpus: Corpus, stores: Stores, worker: str
    ) -> None:
        corpus.upload()
        with stores.database.write() as connection:
            connection.execute(update(workers).values(active_at=clock() + 3600))

        assert stores.rings.is_idle(worker, 10)


class TestAClockThatWasSetBack:
    """It leaves times that lie absurdly far ahead."""

    def test_keeps_no_job_from_being_claimed(self, corpus: Corpus, stores: Stores) -> None:
        held, waiting = corpus.upload().job.id, corpus.upload().job.id
        assert corpus.claim().job_id == held
        set_job(stores, held, lease_until=clock() + 3600)
        set_job(stores, waiting, not_before=clock() + 3600)

        assert stores.rings.rein_in() == 2

        assert corpus.claim().job_id == waiting
        with stores.database.read() as connection:
            left = connection.execute(
                select(jobs.c.lease_until - clock()).where(jobs.c.id == held)
            ).scalar_one()
        assert 0 < left <= JobSettings().lease_seconds

    def test_is_not_suspected_of_what_is_only_held_or_waits(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        for _ in range(3):
            corpus.upload()
        corpus.claim()
        stores.claims.wait(corpus.claim(), "The index is away.")
        stores.claims.release(corpus.claim(), "A defect.")

        assert stores.rings.rein_in() == 0

    def test_forgets_no_ring(self, corpus: Corpus, stores: Stores) -> None:
        job_id = corpus.upload().job.id
        set_job(stores, job_id, rung_at=clock() + 3600)

        assert stores.rings.due(10) == (job_id,)


class TestRings:
    def test_are_owed_for_the_jobs_that_wait_the_oldest_first(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        ids = tuple(corpus.upload().job.id for _ in range(3))

        assert stores.rings.due(2) == ids[:2]
        assert stores.rings.due(10) == ids

    def test_are_not_owed_for_a_job_that_somebody_rang_for(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        first, second = corpus.upload().job.id, corpus.upload().job.id
        stores.rings.note(first)

        assert stores.rings.due(10) == (second,)

    def test_are_counted_for_nothing_by_a_worker_that_starts(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        first, second = corpus.upload().job.id, corpus.upload().job.id
        stores.rings.note(first)
        corpus.upload()
        held = corpus.claim()
        assert held.job_id == first

        assert second in stores.rings.waiting(10)
        assert first not in stores.rings.waiting(10)
        stores.rings.note(second)
        assert second in stores.rings.waiting(10)
        assert len(stores.rings.waiting(1)) == 1

    def test_are_owed_again_when_nobody_came(self, corpus: Corpus, reopen: Reopen) -> None:
        job_id = corpus.upload().job.id
        with reopen(jobs=JobSettings(ring_again_seconds=0.01)) as impatient:
            impatient.rings.note(job_id)
            while not impatient.rings.due(10):
                pass

    def test_are_owed_for_a_job_whose_worker_was_lost_and_not_for_one_at_work(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        corpus.upload()
        claim = corpus.claim()

        assert stores.rings.due(10) == ()
        let_lease_run_out(stores, claim)
        assert stores.rings.due(10) == (claim.job_id,)

    def test_are_not_owed_for_a_job_that_waits_for_an_outage_to_end(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        corpus.upload()
        stores.claims.wait(corpus.claim(), "The index is away.")

        assert stores.rings.due(10) == ()

    def test_are_owed_at_the_end_of_a_wait_that_began_after_the_last_one(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        job_id = corpus.upload().job.id
        stores.rings.note(job_id)
        set_job(stores, job_id, rung_at=clock() - 2, not_before=clock() - 1)

        assert stores.rings.due(10) == (job_id,)
        stores.rings.note(job_id)
        assert stores.rings.due(10) == ()

    def test_are_owed_at_once_for_a_job_that_was_handed_back(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        stores.rings.note(claim.job_id)

        stores.claims.hand_back(claim)

        assert stores.rings.due(10) == (claim.job_id,)


def set_job(stores: Stores, job_id: str, **values: Any) -> None:
    with stores.database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(**values))
