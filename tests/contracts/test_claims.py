"""Who may work on a job, and for how long."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import update

from data.database import clock
from data.errors import ClaimLost
from data.records import (
    Claim,
    DocumentState,
    JobStage,
    JobState,
    Profile,
)
from data.settings import JobSettings
from data.stores import Stores
from data.tables import jobs

if TYPE_CHECKING:
    from tests.contracts.conftest import Corpus, Together

Reopen = Callable[..., AbstractContextManager[Stores]]


def let_lease_run_out(stores: Stores, claim: Claim) -> None:
    """What time does, without waiting for it."""
    with stores.database.write() as connection:
        connection.execute(
            update(jobs).where(jobs.c.id == claim.job_id).values(lease_until=clock() - 1)
        )


def end_waiting(stores: Stores, claim: Claim) -> None:
    with stores.database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == claim.job_id).values(not_before=0))


class TestAClaim:
    def test_is_of_the_only_job_that_waits(self, corpus: "Corpus", stores: Stores) -> None:
        receipt = corpus.upload()

        claim = corpus.claim()

        assert claim.job_id == receipt.job.id
        assert (claim.document_id, claim.version) == (receipt.document.id, 1)
        assert (claim.token, claim.attempts, claim.stage, claim.cursor) == (1, 1, None, 0)
        assert stores.claims.claim() is None

    def test_is_given_once_however_many_ask_at_once(
        self, corpus: "Corpus", stores: Stores, together: "Together"
    ) -> None:
        expected = {corpus.upload().job.id for _ in range(24)}

        def take_all() -> list[str]:
            taken = []
            while claim := stores.claims.claim():
                taken.append(claim.job_id)
            return taken

        taken = [one for some in together(*[take_all] * 4) for one in some]

        assert len(taken) == 24
        assert set(taken) == expected

    def test_is_possible_again_when_the_lease_has_run_out(
        self, corpus: "Corpus", reopen: Reopen
    ) -> None:
        corpus.upload()
        with reopen(jobs=JobSettings(lease_seconds=0.01)) as brief:
            first = brief.claims.claim()
            assert first
            second = None
            while second is None:
                second = brief.claims.claim()

        assert second.job_id == first.job_id
        assert (second.token, second.attempts) == (2, 2)

    def test_lasts_while_it_is_extended(self, corpus: "Corpus", stores: Stores) -> None:
        corpus.upload()
        claim = corpus.claim()
        let_lease_run_out(stores, claim)

        stores.claims.extend(claim)

        assert stores.claims.claim() is None

    def test_is_given_again_after_a_checkpoint_with_the_progress(
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        corpus.upload()
        stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, 3, 9)

        claim = corpus.claim()

        assert (claim.stage, claim.cursor, claim.total) == (JobStage.PARSING, 3, 9)
        assert (claim.token, claim.attempts) == (2, 1)

    def test_that_was_let_go_is_not_taken_back_by_a_late_heartbeat(
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        stores.claims.checkpoint(claim, JobStage.PARSING, 3, 9)

        with pytest.raises(ClaimLost):
            stores.claims.extend(claim)

        assert stores.claims.claim() is not None


WRITES: dict[str, Callable[[Stores, Claim], object]] = {
    "extend": lambda stores, claim: stores.claims.extend(claim),
    "checkpoint": lambda stores, claim: stores.claims.checkpoint(claim, JobStage.PARSING, 1, 2),
    "wait": lambda stores, claim: stores.claims.wait(claim, "Away."),
    "release": lambda stores, claim: stores.claims.release(claim, "A defect."),
    "fail": lambda stores, claim: stores.claims.fail(claim, "unreadable_file", "Damaged."),
    "publish": lambda stores, claim: stores.catalogue.publish(claim, 1, 1, ()),
    "finish_purge": lambda stores, claim: stores.catalogue.finish_purge(claim),
    "remove": lambda stores, claim: stores.chunks.remove(
        claim, stores.chunks.some_ids(claim.document_id, None)
    ),
    "write_profile": lambda stores, claim: stores.versions.write_profile(claim, Profile("Mine")),
}


class TestALostClaim:
    @pytest.fixture
    def lost(self, corpus: "Corpus", stores: Stores) -> Claim:
        """The claim of a worker that was silent too long; another one has the job now."""
        corpus.upload()
        corpus.parse(corpus.claim(), ("one", "two"))
        stores.versions.write_profile(corpus.claim(), Profile("Theirs"))
        lost = corpus.claim()
        let_lease_run_out(stores, lost)
        corpus.write_chunks(corpus.claim(), ("one", "two"))
        return lost

    def rows(self, stores: Stores) -> list[Any]:
        with stores.database.read() as connection:
            tables = jobs.metadata.sorted_tables
            return [connection.execute(table.select()).all() for table in tables]

    @pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
    def test_changes_nothing(
        self, lost: Claim, stores: Stores, write: Callable[[Stores, Claim], object]
    ) -> None:
        before = self.rows(stores)

        with pytest.raises(ClaimLost):
            write(stores, lost)

        assert self.rows(stores) == before

    def test_writes_no_pages(self, lost: Claim, corpus: "Corpus", stores: Stores) -> None:
        before = self.rows(stores)

        with pytest.raises(ClaimLost):
            corpus.parse(lost, ("other", "words", "here"))

        assert self.rows(stores) == before

    def test_writes_no_chunks(self, lost: Claim, corpus: "Corpus", stores: Stores) -> None:
        before = self.rows(stores)

        with pytest.raises(ClaimLost):
            corpus.write_chunks(lost, ("other", "words", "here"))

        assert self.rows(stores) == before

    def test_of_a_finished_job_can_not_fail_it(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        claim = corpus.embed(corpus.claim(), ("one",))
        stores.catalogue.publish(claim, 1, 1, ())

        with pytest.raises(ClaimLost):
            stores.claims.fail(claim, "unreadable_file", "Damaged.")

        assert stores.jobs.get(workspace, receipt.job.id).state is JobState.SUCCEEDED


class TestAttempts:
    def test_end_the_job_after_three_without_progress_with_the_last_reason(
        self, corpus: "Corpus", stores: Stores, workspace: str
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

    def test_are_forgotten_at_every_checkpoint(self, corpus: "Corpus", stores: Stores) -> None:
        corpus.upload()
        for page in range(1, 6):
            lost = corpus.claim()
            let_lease_run_out(stores, lost)
            stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, page, 9)

        assert corpus.claim().attempts == 1

    def test_do_not_count_outages(self, corpus: "Corpus", stores: Stores, workspace: str) -> None:
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
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        corpus.upload()
        for _ in range(3):
            let_lease_run_out(stores, corpus.claim())
        other = corpus.upload()

        assert corpus.claim().job_id == other.job.id


class TestFairness:
    def test_prefers_the_job_with_the_fewest_slices_done(
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        huge = corpus.upload()
        for page in (1, 2, 3):
            stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, page, 1000)
        small = corpus.upload()

        assert [corpus.claim().job_id, corpus.claim().job_id] == [small.job.id, huge.job.id]

    def test_prefers_the_older_of_two_untouched_jobs(self, corpus: "Corpus") -> None:
        ids = [corpus.upload().job.id for _ in range(4)]

        assert [corpus.claim().job_id for _ in ids] == ids

    def test_serves_workspaces_in_turn(
        self, corpus: "Corpus", new_workspace: Callable[[], str], workspace: str
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
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        ids = tuple(corpus.upload().job.id for _ in range(3))

        assert stores.claims.due(2) == ids[:2]
        assert stores.claims.due(10) == ids

    def test_are_not_owed_for_a_job_that_somebody_rang_for(
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        first, second = corpus.upload().job.id, corpus.upload().job.id
        stores.claims.note_ring(first)

        assert stores.claims.due(10) == (second,)

    def test_are_owed_again_when_nobody_came(self, corpus: "Corpus", reopen: Reopen) -> None:
        job_id = corpus.upload().job.id
        with reopen(jobs=JobSettings(ring_again_seconds=0.01)) as impatient:
            impatient.claims.note_ring(job_id)
            while not impatient.claims.due(10):
                pass

    def test_are_owed_for_a_job_whose_worker_was_lost_and_not_for_one_at_work(
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        corpus.upload()
        claim = corpus.claim()

        assert stores.claims.due(10) == ()
        let_lease_run_out(stores, claim)
        assert stores.claims.due(10) == (claim.job_id,)

    def test_are_not_owed_for_a_job_that_waits_for_an_outage_to_end(
        self, corpus: "Corpus", stores: Stores
    ) -> None:
        corpus.upload()
        stores.claims.wait(corpus.claim(), "The index is away.")

        assert stores.claims.due(10) == ()


def test_vectors_of_texts_embedded_before_are_found_by_their_key(
    corpus: "Corpus", stores: Stores, workspace: str, new_workspace: Callable[[], str]
) -> None:
    corpus.upload()
    claim = corpus.claim()
    corpus.write_chunks(claim, ("a",))
    with stores.database.read() as connection:
        key = connection.execute(jobs.metadata.tables["vectors"].select()).one().reuse_key

    known = stores.chunks.known_vectors(workspace, [key, "0" * 64])

    assert list(known) == [key]
    assert np.array_equal(known[key], np.eye(1, 4, dtype=np.float32)[0])
    assert stores.chunks.known_vectors(new_workspace(), [key]) == {}
