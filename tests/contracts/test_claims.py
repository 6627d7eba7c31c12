"""Who may work on a job, and for how long."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

from data.contents import Profile
from data.errors import ClaimLost
from data.purges import Remains
from data.records import Claim, JobStage, JobState
from data.settings import JobSettings
from data.stores import Stores
from data.tables import jobs
from tests.contracts.corpus import Corpus, Together, end_waiting, let_lease_run_out

Reopen = Callable[..., AbstractContextManager[Stores]]


class TestAClaim:
    def test_is_of_the_only_job_that_waits(self, corpus: Corpus, stores: Stores) -> None:
        receipt = corpus.upload()

        claim = corpus.claim()

        assert claim.job_id == receipt.job.id
        assert (claim.document_id, claim.version) == (receipt.document.id, 1)
        assert (claim.token, claim.attempts) == (1, 1)
        assert (claim.stage, claim.cursor) == (JobStage.PARSING, 0)
        assert stores.claims.claim() is None

    def test_is_given_once_however_many_ask_at_once(
        self, corpus: Corpus, stores: Stores, together: Together
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
        self, corpus: Corpus, reopen: Reopen
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

    def test_lasts_while_it_is_extended(self, corpus: Corpus, stores: Stores) -> None:
        corpus.upload()
        claim = corpus.claim()
        let_lease_run_out(stores, claim)

        stores.claims.extend(claim)

        assert stores.claims.claim() is None

    def test_is_anybodys_when_its_worker_has_died_over_it(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        first, second = corpus.upload().job.id, corpus.upload().job.id
        claim = stores.claims.claim("dead")
        assert claim is not None
        stores.claims.claim("alive")
        for job in (first, second):
            stores.rings.note(job)

        stores.claims.abandon("dead")

        assert stores.claims.claim("other") is None
        end_waiting(stores, claim)

        assert stores.rings.due(10) == (first,)
        again = stores.claims.claim("other")
        assert again is not None
        assert (again.job_id, again.attempts) == (first, 2)
        assert stores.claims.claim("other") is None

    def test_over_which_workers_die_again_and_again_says_so(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        job = corpus.upload().job.id
        for _ in range(3):
            claim = stores.claims.claim("dead")
            assert claim is not None
            stores.claims.abandon("dead")
            end_waiting(stores, claim)

        assert stores.claims.claim("dead") is None
        message = stores.jobs.get(workspace, job).error_message
        assert message
        assert message.endswith("The last reason: The worker's process died.")

    def test_can_be_asked_for_by_its_job(self, corpus: Corpus, stores: Stores) -> None:
        corpus.upload()
        wanted = corpus.upload().job.id

        claim = stores.claims.claim("me", wanted)

        assert claim is not None
        assert claim.job_id == wanted
        assert stores.claims.claim("me", wanted) is None

    def test_is_given_again_after_a_checkpoint_with_the_progress(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        corpus.upload()
        stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, 3, 9)

        claim = corpus.claim()

        assert (claim.stage, claim.cursor, claim.total) == (JobStage.PARSING, 3, 9)
        assert (claim.token, claim.attempts) == (2, 1)

    def test_that_was_let_go_is_not_taken_back_by_a_late_heartbeat(
        self, corpus: Corpus, stores: Stores
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
    "hand_back": lambda stores, claim: stores.claims.hand_back(claim),
    "require": lambda stores, claim: stores.claims.require(claim),
    "release": lambda stores, claim: stores.claims.release(claim, "A defect."),
    "fail": lambda stores, claim: stores.claims.fail(claim, "unreadable_file", "Damaged."),
    "publish": lambda stores, claim: stores.catalogue.publish(claim, 1, 1, ()),
    "delete_some": lambda stores, claim: stores.catalogue.delete_some(claim),
    "remove_pages": lambda stores, claim: stores.purges.remove_pages(claim, None),
    "hand_on": lambda stores, claim: stores.purges.hand_on(claim),
    "finish": lambda stores, claim: stores.purges.finish(claim, Remains.DOCUMENT),
    "finish_version": lambda stores, claim: stores.purges.finish(claim, Remains.VERSION),
    "remove": lambda stores, claim: stores.chunks.remove(
        claim, stores.chunks.some_ids(claim.document_id, None)
    ),
    "write_profile": lambda stores, claim: stores.versions.write_profile(claim, Profile("Mine")),
}


class TestWhatWasHeldByTheLastWorker:
    def test_is_free_as_soon_as_that_has_ended(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        stores.interventions.cancel(workspace, claim.job_id)
        stores.interventions.retry(workspace, claim.job_id)
        assert stores.claims.claim() is None

        stores.claims.let_go(claim)

        assert corpus.claim().job_id == claim.job_id

    def test_is_not_let_go_by_one_that_lost_it(self, corpus: Corpus, stores: Stores) -> None:
        corpus.upload()
        lost = corpus.claim()
        let_lease_run_out(stores, lost)
        corpus.claim()

        stores.claims.let_go(lost)

        assert stores.claims.claim() is None

    def test_is_not_let_go_while_the_job_runs(self, corpus: Corpus, stores: Stores) -> None:
        corpus.upload()

        stores.claims.let_go(corpus.claim())

        assert stores.claims.claim() is None


class TestALostClaim:
    @pytest.fixture
    def lost(self, corpus: Corpus, stores: Stores) -> Claim:
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

    def test_writes_no_pages(self, lost: Claim, corpus: Corpus, stores: Stores) -> None:
        before = self.rows(stores)

        with pytest.raises(ClaimLost):
            corpus.parse(lost, ("other", "words", "here"))

        assert self.rows(stores) == before

    def test_writes_no_chunks(self, lost: Claim, corpus: Corpus, stores: Stores) -> None:
        before = self.rows(stores)

        with pytest.raises(ClaimLost):
            corpus.write_chunks(lost, ("other", "words", "here"))

        assert self.rows(stores) == before

    def test_of_a_finished_job_can_not_fail_it(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        claim = corpus.embed(corpus.claim(), ("one",))
        stores.catalogue.publish(claim, 1, 1, ())

        with pytest.raises(ClaimLost):
            stores.claims.fail(claim, "unreadable_file", "Damaged.")

        assert stores.jobs.get(workspace, receipt.job.id).state is JobState.SUCCEEDED


def test_vectors_of_texts_embedded_before_are_found_by_their_key(
    corpus: Corpus, stores: Stores, workspace: str, new_workspace: Callable[[], str]
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
