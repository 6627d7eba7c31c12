"""The two counters that others follow: changes of the catalogue, and changes of jobs."""

import threading

from data.records import Change, Job, JobStage
from data.stores import Stores
from tests.contracts.corpus import Corpus, Together


class TestTheSequence:
    def test_numbers_every_publication_and_removal(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        one, two = corpus.ready("one").document.id, corpus.ready("two").document.id
        stores.catalogue.delete_document(workspace, one)

        assert stores.catalogue.sequence() == 3
        expected = (
            Change(1, one, 1, published=True),
            Change(2, two, 1, published=True),
            Change(3, one, 1, published=False),
        )
        assert stores.catalogue.changes_after(0, 10) == expected
        assert stores.catalogue.changes_after(1, 1) == expected[1:2]
        assert stores.catalogue.changes_after(3, 10) == ()

    def test_is_seen_in_order_without_a_gap_while_many_write(
        self, corpus: Corpus, stores: Stores, workspace: str, together: Together
    ) -> None:
        ids = [corpus.ready("one").document.id for _ in range(24)]
        followed: list[int] = []
        done = threading.Event()

        def follow() -> None:
            while not done.is_set() or followed[-1] < stores.catalogue.sequence():
                last = followed[-1] if followed else 0
                steps = stores.catalogue.changes_after(last, 5)
                followed.extend(step.sequence for step in steps)

        def delete(some: list[str]) -> None:
            for document_id in some:
                stores.catalogue.delete_document(workspace, document_id)

        follower = threading.Thread(target=follow)
        follower.start()
        results = together(*[lambda part=part: delete(ids[part::4]) for part in range(4)])
        done.set()
        follower.join(timeout=30)

        assert results == [None] * 4
        assert followed == list(range(1, 49))


class TestChangesOfJobs:
    def test_are_told_once(self, corpus: Corpus, stores: Stores) -> None:
        start, _ = stores.jobs.changed_since(0)
        job_id = corpus.upload().job.id

        latest, changed = stores.jobs.changed_since(start)

        assert [job.id for job in changed] == [job_id]
        assert changed[0].changed == latest
        assert stores.jobs.changed_since(latest) == (latest, ())

    def test_are_told_for_every_step_of_a_job(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        seen, _ = stores.jobs.changed_since(0)

        def change() -> Job:
            nonlocal seen
            seen, changed = stores.jobs.changed_since(seen)
            assert len(changed) == 1
            return changed[0]

        claim = corpus.claim()
        assert change().state == "running"
        stores.claims.checkpoint(claim, JobStage.PARSING, 10, 20)
        assert change().done == 1
        claim = corpus.claim()
        change()
        stores.claims.release(claim, "A defect.")
        assert change().error_message == "A defect."
        stores.catalogue.delete_document(workspace, receipt.document.id)
        seen, changed = stores.jobs.changed_since(seen)
        assert sorted(job.kind + " " + job.state for job in changed) == [
            "ingest cancelled",
            "purge queued",
        ]

    def test_are_never_missed_by_one_who_polls_while_many_write(
        self, corpus: Corpus, stores: Stores, workspace: str, together: Together
    ) -> None:
        told: dict[str, int] = {}
        done = threading.Event()

        def poll() -> None:
            seen = 0
            while True:
                last_round = done.is_set()
                seen, changed = stores.jobs.changed_since(seen)
                told.update({job.id: job.changed for job in changed})
                if last_round:
                    return

        def upload() -> None:
            for _ in range(20):
                corpus.upload()

        poller = threading.Thread(target=poll)
        poller.start()
        results = together(*[upload] * 4)
        done.set()
        poller.join(timeout=30)

        assert results == [None] * 4
        every = stores.jobs.newest(workspace, None, None, 100, None).items
        assert told == {job.id: job.changed for job in every}
        assert len(every) == 80
