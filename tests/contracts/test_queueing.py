"""Which job is next, how often it is tried, and who is rung for it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from data.records import DocumentState, JobKind, JobStage, JobState
from data.settings import JobSettings
from data.stores import Stores
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
