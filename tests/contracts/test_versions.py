"""A document gets new content beside the old, and one step changes what readers see."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from data.errors import ClaimLost, Conflict, DocumentNotFound
from data.records import Claim, DocumentState, JobKind, JobState
from data.stores import Stores
from data.tables import documents, jobs, versions
from tests.contracts.corpus import Corpus, Together, seen, staged


def queued_purges(stores: Stores) -> list[tuple[int, float]]:
    """Return the version and the delay of each purge, as they were queued."""
    with stores.database.read() as connection:
        rows = connection.execute(
            select(jobs.c.version, jobs.c.not_before)
            .where(jobs.c.kind == JobKind.PURGE)
            .order_by(jobs.c.created_at)
        )
        return [(row.version, max(0.0, row.not_before - time.time())) for row in rows]


class TestANewVersion:
    def test_is_indexed_beside_the_one_that_readers_see(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.ready("old", filename="old.pdf", title="Given", tags=("a",))
        receipt = corpus.replace(first.document.id, "new content", "new.pdf")

        assert (receipt.duplicate, receipt.requeued) == (False, False)
        assert (receipt.job.version, receipt.job.state) == (2, JobState.QUEUED)
        assert receipt.job.document_id == first.document.id
        before = stores.documents.get(workspace, first.document.id)
        assert receipt.document == before
        assert (before.version, before.filename, before.state) == (
            1,
            "old.pdf",
            DocumentState.READY,
        )
        claim = corpus.embed(corpus.claim(), ("new",))
        assert stores.versions.source(claim).filename == "new.pdf"
        assert [chunk.text for chunk in seen(stores, workspace, first.document.id)] == ["old"]

        stores.catalogue.publish(claim, 1, 1, ())

        after = stores.documents.get(workspace, first.document.id)
        assert (after.version, after.filename, after.bytes) == (2, "new.pdf", len("new content"))
        assert (after.title, after.tags, after.created_at) == ("Given", ("a",), before.created_at)
        assert [chunk.text for chunk in seen(stores, workspace, first.document.id)] == ["new"]

    def test_of_what_has_failed_makes_it_ready(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.upload().document.id
        stores.claims.fail(corpus.claim(), "unreadable_file", "It is damaged.")

        corpus.replace(document_id)
        assert stores.documents.get(workspace, document_id).state is DocumentState.INDEXING
        corpus.index(corpus.claim())

        document = stores.documents.get(workspace, document_id)
        assert (document.state, document.version) == (DocumentState.READY, 2)

    def test_has_a_password_of_its_own(self, corpus: Corpus, stores: Stores) -> None:
        document_id = corpus.upload(password="old").document.id
        corpus.replace(document_id, password="new")
        assert stores.versions.source(corpus.claim()).password == f"new of {document_id}".encode()

        corpus.replace(document_id)
        assert stores.versions.source(corpus.claim()).password is None

    def test_gives_up_what_waits_and_what_runs(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.upload()
        running = corpus.claim()
        second = corpus.replace(first.document.id)
        third = corpus.replace(first.document.id)

        for old in (first.job, second.job):
            job = stores.jobs.get(workspace, old.id)
            assert (job.state, job.error_code) == (JobState.CANCELLED, "superseded")
        with pytest.raises(ClaimLost):
            stores.catalogue.publish(running, 1, 1, ())
        assert stores.documents.get(workspace, first.document.id).state is DocumentState.INDEXING
        assert corpus.claim().job_id == third.job.id
        assert stores.claims.claim() is None

    def test_is_refused_for_a_document_that_is_not_there(
        self, corpus: Corpus, stores: Stores, new_workspace: Callable[[], str]
    ) -> None:
        theirs = new_workspace()
        document_id = corpus.ready().document.id
        gone = corpus.upload().document.id
        stores.catalogue.delete_document(corpus.workspace, gone)

        for workspace, unknown in (
            (corpus.workspace, "doc-nothing"),
            (corpus.workspace, gone),
            (theirs, document_id),
        ):
            with pytest.raises(DocumentNotFound):
                stores.acceptance.reserve(workspace, unknown, "0" * 64)
            with pytest.raises(DocumentNotFound):
                stores.acceptance.replace(workspace, unknown, 2, "a.pdf", staged("x"), None)
            with pytest.raises(DocumentNotFound):
                stores.acceptance.require_room(workspace, 1, unknown)


class TestTheSameBytes:
    def test_as_the_latest_version_change_nothing(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.ready(content="same")
        waiting = corpus.upload("waiting")

        for receipt in (first, waiting):
            content = "same" if receipt is first else "waiting"
            again = corpus.replace(receipt.document.id, content, "other.pdf")
            assert (again.duplicate, again.requeued) == (True, False)
            assert again.job.id == receipt.job.id
            document = stores.documents.get(workspace, receipt.document.id)
            assert (again.document, document.version) == (document, 1)

    def test_as_a_version_that_failed_queue_it_again(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("old").document.id
        failed = corpus.replace(document_id, "new").job
        stores.claims.fail(corpus.claim(), "password_required", "It is encrypted.")

        again = corpus.replace(document_id, "new", password="secret")

        assert (again.duplicate, again.requeued) == (True, True)
        assert (again.job.version, again.job.id != failed.id) == (2, True)
        assert stores.documents.get(workspace, document_id).version == 1
        source = stores.versions.source(claim := corpus.claim())
        assert source.password == f"secret of {document_id}".encode()
        corpus.index(claim)
        assert stores.documents.get(workspace, document_id).version == 2

    def test_as_a_version_that_was_cancelled_wait_for_whoever_held_it(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        job_id = corpus.upload("same").job.id
        held = corpus.claim()
        stores.interventions.cancel(workspace, job_id)

        again = corpus.upload("same")

        assert again.requeued
        assert stores.claims.claim() is None
        with stores.database.read() as connection:
            lease, begin = connection.execute(
                select(
                    select(jobs.c.lease_until).where(jobs.c.id == held.job_id).scalar_subquery(),
                    select(jobs.c.not_before).where(jobs.c.id == again.job.id).scalar_subquery(),
                )
            ).one()
        # Not at once, which would be 15 s before; a slow machine may need a while in between.
        assert begin == pytest.approx(lease, abs=10)

    def test_as_readers_see_are_the_current_ones_when_what_came_later_has_failed(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.ready(content="current")
        corpus.replace(first.document.id, "broken")
        stores.claims.fail(corpus.claim(), "unreadable_file", "It is damaged.")

        again = corpus.replace(first.document.id, "current")

        assert (again.duplicate, again.requeued, again.job.id) == (True, False, first.job.id)
        assert stores.claims.claim() is None

    def test_as_readers_see_are_a_new_version_while_another_one_is_on_its_way(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready(content="current").document.id
        corpus.replace(document_id, "mistake")

        back = corpus.replace(document_id, "current")

        assert (back.duplicate, back.job.version) == (False, 3)
        corpus.index(corpus.claim())
        assert stores.documents.get(workspace, document_id).version == 3

    def test_as_another_document_are_refused(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        stores.libraries.create(workspace, "second")
        mine = corpus.ready().document.id
        published = corpus.ready(content="published").document.id
        corpus.replace(published, "latest")
        corpus.upload("far away", library="second")

        for content in ("published", "latest"):
            file = staged(content)
            with pytest.raises(Conflict):
                stores.acceptance.reserve(workspace, mine, file.sha256)
            with pytest.raises(Conflict):
                stores.acceptance.replace(workspace, mine, 2, "a.pdf", file, None)
        assert stores.documents.get(workspace, mine).version == 1
        assert not corpus.replace(mine, "far away").duplicate

    def test_in_another_library_or_workspace_are_another_document(
        self, corpus: Corpus, stores: Stores, workspace: str, new_workspace: Callable[[], str]
    ) -> None:
        stores.libraries.create(workspace, "second")
        theirs = new_workspace()
        corpus.replace(corpus.ready(content="published").document.id, "latest")

        for content in ("published", "latest"):
            assert not corpus.upload(content, library="second").duplicate
            assert not corpus.upload(content, workspace=theirs).duplicate

    def test_uploaded_as_a_document_find_the_version_that_has_them(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.ready(content="published")
        second = corpus.replace(first.document.id, "latest")

        found = [corpus.upload(content) for content in ("published", "latest")]

        assert [receipt.document.id for receipt in found] == [first.document.id] * 2
        assert [receipt.job.id for receipt in found] == [first.job.id, second.job.id]
        assert not any(receipt.requeued for receipt in found)
        digest = staged("published").sha256
        assert stores.acceptance.find(workspace, "default", digest) == (first.document.id, 1)
        corpus.index(corpus.claim())
        assert not corpus.upload("published").duplicate


class TestNumbers:
    def test_are_given_once(self, corpus: Corpus, stores: Stores, workspace: str) -> None:
        document_id = corpus.ready().document.id
        places = [stores.acceptance.reserve(workspace, document_id, c * 64) for c in "abc"]
        assert [place.version for place in places] == [2, 3, 4]

        assert corpus.replace(document_id, "uploaded").job.version == 5
        assert corpus.replace(document_id, "uploaded").job.version == 5
        assert corpus.replace(document_id, "once more").job.version == 6

    def test_that_came_too_late_are_refused(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready().document.id
        slow = stores.acceptance.reserve(workspace, document_id, "a" * 64)
        fast = corpus.replace(document_id)

        with pytest.raises(Conflict, match="same time"):
            stores.acceptance.replace(
                workspace, document_id, slow.version, "a.pdf", staged("slow"), None
            )

        assert stores.jobs.get(workspace, fast.job.id).state is JobState.QUEUED

    def test_keep_uploads_at_the_same_moment_apart(
        self, corpus: Corpus, stores: Stores, workspace: str, together: Together
    ) -> None:
        document_id = corpus.ready().document.id

        answers = together(*[lambda: corpus.replace(document_id)] * 6)

        kept = [answer for answer in answers if not isinstance(answer, Conflict)]
        numbers = [receipt.job.version for receipt in kept]
        assert kept
        assert len(set(numbers)) == len(numbers)
        states = [stores.jobs.get(workspace, receipt.job.id).state for receipt in kept]
        assert states.count(JobState.QUEUED) == 1
        assert states[numbers.index(max(numbers))] is JobState.QUEUED
        with stores.database.read() as connection:
            row = connection.execute(select(documents)).one()
        assert row.latest_version == max(numbers)


class TestOlderVersions:
    def test_are_removed_when_a_newer_one_is_published(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready().document.id
        corpus.replace(document_id)
        corpus.replace(document_id)
        corpus.index(corpus.claim())
        assert queued_purges(stores) == [(1, 0.0), (2, 0.0)]
        while (claim := stores.claims.claim()) and claim.kind is JobKind.PURGE:
            stores.purges.finish(claim, stores.purges.remains(claim))

        corpus.replace(document_id)
        corpus.index(corpus.claim())

        assert queued_purges(stores)[2:] == [(3, 0.0)]

    def test_are_removed_only_when_nobody_may_still_be_writing_for_them(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        document_id = corpus.ready().document.id
        corpus.replace(document_id)
        held = corpus.claim()
        corpus.replace(document_id)
        corpus.index(corpus.claim())

        with stores.database.read() as connection:
            lease = connection.execute(
                select(jobs.c.lease_until).where(jobs.c.id == held.job_id)
            ).scalar_one()
        delays = dict(queued_purges(stores))
        assert delays == pytest.approx(dict.fromkeys((1, 2), lease - time.time()), abs=10)
        assert min(delays.values()) > 0

    def test_stay_readable_and_are_superseded_once(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("old").document.id
        corpus.replace(document_id)
        corpus.index(corpus.claim(), ("new",))

        assert stores.documents.page(workspace, document_id, 1, 1).text == "old"
        assert stores.documents.page(workspace, document_id, None, 1).text == "new"
        with stores.database.read() as connection:
            rows = connection.execute(select(versions).order_by(versions.c.version)).all()
        assert [row.superseded_at is not None for row in rows] == [True, False]

    def test_that_are_very_many_are_removed_a_few_at_a_time(
        self, corpus: Corpus, stores: Stores
    ) -> None:
        document_id = corpus.ready().document.id
        for _ in range(24):
            corpus.replace(document_id)
        corpus.index(corpus.claim())
        first = [version for version, _ in queued_purges(stores)]
        corpus.finish()
        corpus.replace(document_id)
        corpus.index(corpus.claim())

        assert first == list(range(1, 21))
        assert sorted(version for version, _ in queued_purges(stores)) == list(range(1, 26))


def test_a_version_that_is_deleted_while_it_is_uploaded_is_purged_with_the_document(
    corpus: Corpus, stores: Stores, workspace: str, together: Together
) -> None:
    for _ in range(6):
        document_id = corpus.ready().document.id

        together(
            lambda document_id=document_id: stores.catalogue.delete_document(
                workspace, document_id
            ),
            lambda document_id=document_id: corpus.replace(document_id),
        )

        assert not stores.jobs.newest(workspace, JobState.QUEUED, document_id, 9, None).items[1:]
        corpus.purge()
        with stores.database.read() as connection:
            assert connection.execute(select(versions)).all() == []


def test_the_same_bytes_as_a_new_document_and_as_a_new_version_are_one_of_them(
    corpus: Corpus, together: Together
) -> None:
    document_id = corpus.ready().document.id
    for number in range(6):
        content = f"raced {number}"

        uploaded, replaced = together(
            lambda content=content: corpus.upload(content),
            lambda content=content: corpus.replace(document_id, content),
        )

        if isinstance(replaced, Conflict):
            assert uploaded.document.id != document_id
        else:
            assert uploaded.document.id == document_id


def test_publishing_and_replacing_at_once_leave_the_newest_to_come(
    corpus: Corpus, stores: Stores, workspace: str, together: Together
) -> None:
    for _ in range(6):
        receipt = corpus.upload()
        claim: Claim = corpus.embed(corpus.claim(), ("old",))

        together(
            lambda claim=claim: stores.catalogue.publish(claim, 1, 1, ()),
            lambda document_id=receipt.document.id: corpus.replace(document_id),
        )

        document = stores.documents.get(workspace, receipt.document.id)
        first = stores.jobs.get(workspace, receipt.job.id)
        was_published = first.state is JobState.SUCCEEDED
        assert was_published or first.error_code == "superseded"
        expected = DocumentState.READY if was_published else DocumentState.INDEXING
        assert document.state is expected
        corpus.index(corpus.claim(), ("new",))
        assert [chunk.text for chunk in seen(stores, workspace, receipt.document.id)] == ["new"]
        corpus.finish()
