"""What people do to jobs, and what no race makes of it."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from data.errors import ClaimLost, Conflict, JobNotFound
from data.records import DocumentState, JobKind, JobStage, JobState, Receipt
from data.stores import Stores
from data.tables import versions
from tests.contracts.corpus import Corpus, Together, let_lease_run_out, sealing, seen

TEXTS = ("one", "two", "three", "four")


@pytest.fixture
def failed(corpus: Corpus, stores: Stores) -> Receipt:
    """An upload whose first slice ended with an error."""
    receipt = corpus.upload()
    stores.claims.fail(corpus.claim(), "password_required", "It is encrypted.")
    return receipt


class TestCancelling:
    def test_ends_a_job_that_waits(self, corpus: Corpus, stores: Stores, workspace: str) -> None:
        receipt = corpus.upload()

        job = stores.interventions.cancel(workspace, receipt.job.id)

        assert (job.id, job.state, job.error_code) == (
            receipt.job.id,
            JobState.CANCELLED,
            "cancelled",
        )
        assert job.finished_at is not None
        assert job == stores.jobs.get(workspace, job.id)
        assert stores.documents.get(workspace, receipt.document.id).state is DocumentState.FAILED
        assert stores.claims.claim() is None

    def test_takes_a_job_away_from_its_worker(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        claim = corpus.claim()

        job = stores.interventions.cancel(workspace, receipt.job.id)

        for write in (
            lambda: stores.claims.extend(claim),
            lambda: stores.claims.require(claim),
            lambda: stores.claims.checkpoint(claim, JobStage.PARSING, 1, 9),
            lambda: stores.claims.wait(claim, "The index is away."),
            lambda: stores.claims.fail(claim, "no_text_found", "Blank."),
            lambda: corpus.parse(claim, TEXTS),
            lambda: corpus.write_chunks(claim, TEXTS),
            lambda: stores.catalogue.publish(claim, 1, 1, ()),
        ):
            with pytest.raises(ClaimLost):
                write()
        assert stores.jobs.get(workspace, job.id) == job
        assert seen(stores, workspace, receipt.document.id) == ()

    def test_is_told_to_all_who_follow_changes(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        job_id = corpus.upload().job.id
        before, _ = stores.jobs.changed_since(0)

        cancelled = stores.interventions.cancel(workspace, job_id)

        after, changed = stores.jobs.changed_since(before)
        assert changed == (cancelled,)
        assert after == cancelled.changed > before

    def test_keeps_the_progress_that_there_was(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        job_id = corpus.upload().job.id
        stores.claims.checkpoint(corpus.claim(), JobStage.EMBEDDING, 45, 90)

        job = stores.interventions.cancel(workspace, job_id)

        assert (job.done, job.total, job.stage, job.eta_seconds) == (49, 90, None, None)

    def test_of_a_new_version_leaves_the_old_one(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("old").document.id
        second = corpus.replace(document_id).job

        stores.interventions.cancel(workspace, second.id)

        document = stores.documents.get(workspace, document_id)
        assert (document.state, document.version) == (DocumentState.READY, 1)
        assert [chunk.text for chunk in seen(stores, workspace, document_id)] == ["old"]

    def test_of_what_is_over_is_a_conflict(
        self, corpus: Corpus, stores: Stores, workspace: str, failed: Receipt
    ) -> None:
        done = corpus.ready().job
        cancelled = corpus.upload().job
        stores.interventions.cancel(workspace, cancelled.id)

        for job in (failed.job, done, cancelled):
            before = stores.jobs.get(workspace, job.id)
            with pytest.raises(Conflict, match=before.state):
                stores.interventions.cancel(workspace, job.id)
            assert stores.jobs.get(workspace, job.id) == before

    def test_of_a_purge_is_a_conflict(self, corpus: Corpus, stores: Stores, workspace: str) -> None:
        stores.catalogue.delete_document(workspace, corpus.upload().document.id)
        [purge] = stores.jobs.newest(workspace, JobState.QUEUED, None, 10, None).items

        with pytest.raises(Conflict):
            stores.interventions.cancel(workspace, purge.id)

        assert corpus.claim().kind is JobKind.PURGE

    def test_of_another_workspace_s_job_is_not_possible(
        self, corpus: Corpus, stores: Stores, new_workspace: Callable[[], str]
    ) -> None:
        theirs = new_workspace()
        job_id = corpus.upload().job.id

        for act in (stores.interventions.cancel, stores.interventions.retry):
            with pytest.raises(JobNotFound):
                act(theirs, job_id)
            with pytest.raises(JobNotFound):
                act(theirs, "job-nothing")

    def test_just_before_publishing_wins_or_loses_whole(
        self, corpus: Corpus, stores: Stores, workspace: str, together: Together
    ) -> None:
        for _ in range(8):
            receipt = corpus.upload()
            claim = corpus.embed(corpus.claim(), ("one",))

            answers = together(
                lambda claim=claim: stores.catalogue.publish(claim, 1, 1, ()),
                lambda job=receipt.job.id: stores.interventions.cancel(workspace, job),
            )

            job = stores.jobs.get(workspace, receipt.job.id)
            document = stores.documents.get(workspace, receipt.document.id)
            visible = seen(stores, workspace, receipt.document.id)
            if job.state is JobState.SUCCEEDED:
                assert isinstance(answers[1], Conflict)
                assert (document.state, len(visible)) == (DocumentState.READY, 1)
            else:
                assert isinstance(answers[0], ClaimLost)
                assert job.state is JobState.CANCELLED
                assert (document.state, len(visible)) == (DocumentState.FAILED, 0)


class TestRetrying:
    def test_goes_on_after_the_last_checkpoint(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        job_id = corpus.upload().job.id
        stores.claims.checkpoint(corpus.claim(), JobStage.EMBEDDING, 45, 90)
        lost = corpus.claim()
        stores.interventions.cancel(workspace, job_id)
        stores.rings.note(job_id)
        let_lease_run_out(stores, lost)

        job = stores.interventions.retry(workspace, job_id)

        assert (job.id, job.state, job.done, job.attempts) == (job_id, JobState.QUEUED, 49, 0)
        assert (job.error_code, job.error_message, job.finished_at) == (None, None, None)
        assert stores.rings.due(10) == (job_id,)
        claim = corpus.claim()
        assert (claim.stage, claim.cursor, claim.total) == (JobStage.EMBEDDING, 45, 90)
        assert (claim.attempts, claim.token > lost.token) == (1, True)

    def test_indexes_a_document_that_had_failed(
        self, corpus: Corpus, stores: Stores, workspace: str, failed: Receipt
    ) -> None:
        stores.interventions.retry(workspace, failed.job.id)
        document = stores.documents.get(workspace, failed.document.id)
        assert document.state is DocumentState.INDEXING

        corpus.index(corpus.claim())

        assert stores.documents.get(workspace, failed.document.id).state is DocumentState.READY
        assert stores.jobs.get(workspace, failed.job.id).state is JobState.SUCCEEDED

    def test_waits_for_whoever_held_the_job(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        job_id = corpus.upload().job.id
        held = corpus.claim()
        stores.interventions.cancel(workspace, job_id)

        stores.interventions.retry(workspace, job_id)

        assert stores.claims.claim() is None
        for write in (stores.claims.extend, stores.claims.require, stores.claims.hand_back):
            with pytest.raises(ClaimLost):
                write(held)
        let_lease_run_out(stores, held)
        assert corpus.claim().job_id == job_id

    def test_takes_a_password_and_keeps_the_one_there_was_without(
        self, corpus: Corpus, stores: Stores, workspace: str, failed: Receipt
    ) -> None:
        sealed = f"secret of {failed.document.id}".encode()

        stores.interventions.retry(workspace, failed.job.id, sealing("secret"))
        claim = corpus.claim()
        assert stores.versions.source(claim).password == sealed
        stores.claims.fail(claim, "wrong_password", "It does not open.")
        stores.interventions.retry(workspace, failed.job.id)

        assert stores.versions.source(corpus.claim()).password == sealed

    def test_gives_the_file_its_time_again(
        self, corpus: Corpus, stores: Stores, workspace: str, failed: Receipt
    ) -> None:
        with stores.database.write() as connection:
            connection.execute(update(versions).values(reading_seconds=3600, ocr_seconds=1800))

        stores.interventions.retry(workspace, failed.job.id)

        source = stores.versions.source(corpus.claim())
        assert (source.reading_seconds, source.ocr_seconds) == (0, 0)

    def test_of_what_has_not_failed_is_a_conflict(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        done, waiting = corpus.ready().job, corpus.upload().job

        for job in (done, waiting):
            before = stores.jobs.get(workspace, job.id)
            with pytest.raises(Conflict):
                stores.interventions.retry(workspace, job.id)
            assert stores.jobs.get(workspace, job.id) == before

    def test_of_what_was_deleted_is_a_conflict(
        self, corpus: Corpus, stores: Stores, workspace: str, failed: Receipt
    ) -> None:
        stores.catalogue.delete_document(workspace, failed.document.id)
        with pytest.raises(Conflict, match="deleted"):
            stores.interventions.retry(workspace, failed.job.id)

        corpus.purge()
        with pytest.raises(Conflict, match="deleted"):
            stores.interventions.retry(workspace, failed.job.id)

    def test_of_what_a_newer_version_replaced_is_a_conflict(
        self, corpus: Corpus, stores: Stores, workspace: str, failed: Receipt
    ) -> None:
        corpus.replace(failed.document.id)

        with pytest.raises(Conflict, match="newer version"):
            stores.interventions.retry(workspace, failed.job.id)

    def test_of_what_another_job_indexed_is_a_conflict(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        old = corpus.upload("same").job
        stores.claims.fail(corpus.claim(), "password_required", "It is encrypted.")
        corpus.upload("same")
        corpus.index(corpus.claim())

        with pytest.raises(Conflict, match="indexed"):
            stores.interventions.retry(workspace, old.id)

    def test_never_goes_on_at_a_checkpoint_of_which_another_job_removed_the_chunks(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        old = corpus.upload("same").job
        claim = corpus.embed(corpus.claim(), TEXTS)
        stores.claims.fail(claim, "unreadable_file", "It is damaged.")
        corpus.upload("same")
        stores.chunks.remove(again := corpus.claim(), stores.chunks.some_ids(again.document_id, 1))
        with pytest.raises(Conflict, match="another job"):
            stores.interventions.retry(workspace, old.id)
        stores.claims.fail(again, "unreadable_file", "It is damaged.")

        with pytest.raises(Conflict, match="another job"):
            stores.interventions.retry(workspace, old.id)

        assert stores.interventions.retry(workspace, again.job_id).state is JobState.QUEUED

    def test_by_many_at_once_queues_it_once(
        self, corpus: Corpus, stores: Stores, workspace: str, failed: Receipt, together: Together
    ) -> None:
        retry = lambda: stores.interventions.retry(workspace, failed.job.id)  # noqa: E731

        answers = together(*[retry] * 4, lambda: corpus.replace(failed.document.id))

        assert sum(isinstance(answer, Conflict) for answer in answers[:4]) >= 3
        queued = stores.jobs.newest(workspace, JobState.QUEUED, None, 10, None).items
        assert [job.version for job in queued] == [2]
        assert stores.jobs.get(workspace, failed.job.id).state is not JobState.QUEUED


class TestARebuild:
    def test_is_cancelled_and_tried_again(self, stores: Stores, workspace: str) -> None:
        job = stores.generations.queue(workspace, "default")

        cancelled = stores.interventions.cancel(workspace, job.id)
        again = stores.interventions.retry(workspace, job.id)

        assert (cancelled.state, again.state) == (JobState.CANCELLED, JobState.QUEUED)

    def test_is_not_tried_again_beside_another_one(self, stores: Stores, workspace: str) -> None:
        old = stores.generations.queue(workspace, "default")
        stores.interventions.cancel(workspace, old.id)
        stores.generations.queue(workspace, "default")

        with pytest.raises(Conflict, match="Another job"):
            stores.interventions.retry(workspace, old.id)

    def test_of_a_deleted_library_is_not_tried_again(self, stores: Stores, workspace: str) -> None:
        stores.libraries.create(workspace, "brief")
        job = stores.generations.queue(workspace, "brief")
        stores.interventions.cancel(workspace, job.id)
        stores.catalogue.delete_library(workspace, "brief")

        with pytest.raises(Conflict, match="deleted"):
            stores.interventions.retry(workspace, job.id)
