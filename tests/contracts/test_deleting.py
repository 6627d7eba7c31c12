"""What is deleted is hidden at once, and then removed to the last row."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select, update

from data.database import clock
from data.errors import (
    ClaimLost,
    Conflict,
    DocumentNotFound,
    LibraryNotFound,
    Unavailable,
)
from data.jobs import insert_job
from data.records import (
    JobKind,
    JobState,
)
from data.stores import Stores
from data.tables import jobs
from tests.contracts.corpus import Corpus, rows_by_table, seen
from tests.memory_vectors import MemoryVectors
from tests.slices import Unbounded
from workers.purging import Purger

# Of these, rows stay after a purge: jobs as clients saw them, changes that indexes follow.
KEPT = {"jobs", "changes", "counters", "workspaces", "keys", "libraries"}


@contextmanager
def counted_statements(stores: Stores) -> Iterator[list[str]]:
    """Give the list of what is sent to the database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(stores.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(stores.database.engine, "before_cursor_execute", note)


class TestDeletingADocument:
    def test_hides_it_at_once(self, corpus: Corpus, stores: Stores, workspace: str) -> None:
        receipt = corpus.ready("one", "two")
        document_id, library_id = receipt.document.id, receipt.document.library_id
        assert seen(stores, workspace, document_id)

        stores.catalogue.delete_document(workspace, document_id)

        for look in (
            lambda: stores.documents.get(workspace, document_id),
            lambda: stores.documents.file(workspace, document_id, None),
            lambda: stores.documents.page(workspace, document_id, None, 1),
            lambda: stores.visibility.selected(workspace, [library_id], [document_id], ()),
            lambda: stores.catalogue.delete_document(workspace, document_id),
        ):
            with pytest.raises(DocumentNotFound):
                look()
        assert stores.documents.newest(workspace, None, None, (), 10, None).items == ()
        assert stores.documents.pages(workspace, [(document_id, 1, 1)]) == {}
        assert seen(stores, workspace, document_id) == ()
        assert list(stores.visibility.published(document_id, 1)) == []
        assert not stores.visibility.any_ready([library_id])
        assert stores.catalogue.changes_after(1, 10)[0].published is False

    def test_is_followed_by_a_purge_that_leaves_no_row(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        texts = tuple(f"text {number}" for number in range(450))
        empty = rows_by_table(stores)
        receipt = corpus.ready(*texts, tags=("a", "b"), password="secret")
        assert rows_by_table(stores)["chunks"] == 450

        stores.catalogue.delete_document(workspace, receipt.document.id)
        claim = corpus.purge()

        assert (claim.kind, claim.document_id) == (JobKind.PURGE, receipt.document.id)
        after = rows_by_table(stores)
        assert {name: count for name, count in after.items() if name not in KEPT} == {
            name: count for name, count in empty.items() if name not in KEPT
        }
        assert (after["libraries"], after["jobs"]) == (1, 2)
        assert stores.jobs.get(workspace, claim.job_id).state is JobState.SUCCEEDED

    def test_cancels_the_job_at_work_and_purges_when_its_lease_has_ended(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        running = corpus.claim()

        stores.catalogue.delete_document(workspace, receipt.document.id)

        job = stores.jobs.get(workspace, receipt.job.id)
        assert (job.state, job.error_code) == (JobState.CANCELLED, "cancelled")
        with pytest.raises(ClaimLost):
            stores.claims.extend(running)
        with pytest.raises(ClaimLost):
            stores.catalogue.publish(running, 1, 1, ())
        assert stores.claims.claim() is None
        with stores.database.read() as connection:
            lease, purge = connection.execute(
                select(func.max(jobs.c.lease_until), func.max(jobs.c.not_before))
            ).one()
        # Not at once, which would be 15 s before; a slow machine may need a while in between.
        assert purge == pytest.approx(lease, abs=10)

    def test_with_no_job_at_work_is_purged_at_once(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        stores.catalogue.delete_document(workspace, receipt.document.id)

        assert corpus.claim().kind is JobKind.PURGE


class TestDeletingALibrary:
    def test_hides_it_with_its_documents_and_purges_all(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        kept = corpus.ready("kept")
        stores.libraries.create(workspace, "brief")
        for _ in range(20):
            corpus.ready("one", library="brief")

        stores.catalogue.delete_library(workspace, "brief")

        with pytest.raises(LibraryNotFound):
            stores.libraries.named(workspace, ("brief",))
        with pytest.raises(LibraryNotFound):
            stores.catalogue.delete_library(workspace, "brief")
        listed = stores.documents.newest(workspace, None, None, (), 10, None).items
        assert [document.id for document in listed] == [kept.document.id]
        stores.libraries.create(workspace, "brief")
        with pytest.raises(Unavailable):
            corpus.purge()  # the library waits for its documents
        purged = [corpus.purge() for _ in range(20)]
        assert "" not in {claim.document_id for claim in purged}
        with stores.database.write() as connection:
            connection.execute(update(jobs).values(lease_until=None))
        assert corpus.purge().document_id == ""
        rows = rows_by_table(stores)
        assert (rows["libraries"], rows["documents"], rows["chunks"]) == (2, 1, 1)
        assert stores.claims.claim() is None

    def test_hides_every_document_before_any_of_them_is_touched(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        stores.libraries.create(workspace, "brief")
        receipt = corpus.ready("one", "two", library="brief", tags=("tag",))
        failed = corpus.upload(library="brief")
        stores.claims.fail(corpus.claim(), "unreadable_file", "Damaged.")
        corpus.upload(library="brief")
        running = corpus.embed(corpus.claim(), ("late",))
        document_id, library_id = receipt.document.id, receipt.document.library_id

        stores.catalogue.delete_library(workspace, "brief")
        stores.catalogue.publish(running, 1, 1, ())

        for look in (
            lambda: stores.documents.get(workspace, document_id),
            lambda: stores.documents.file(workspace, document_id, None),
            lambda: stores.documents.page(workspace, document_id, None, 1),
            lambda: stores.visibility.selected(workspace, [library_id], [document_id], ()),
            lambda: stores.catalogue.delete_document(workspace, document_id),
        ):
            with pytest.raises(DocumentNotFound):
                look()
        with pytest.raises(LibraryNotFound):
            corpus.upload(library="brief")
        with pytest.raises(Conflict):
            stores.interventions.retry(workspace, failed.job.id)
        assert stores.documents.newest(workspace, None, None, (), 10, None).items == ()
        assert stores.documents.pages(workspace, [(document_id, 1, 1)]) == {}
        assert stores.visibility.selected(workspace, [library_id], (), ("tag",)) == ()
        assert not stores.visibility.any_ready([library_id])
        for one in (document_id, running.document_id):
            ids = stores.chunks.some_ids(one, None)
            assert ids
            assert stores.visibility.visible(workspace, ids, [library_id]) == {}
            assert list(stores.visibility.published(one, 1)) == []

    def test_costs_the_same_however_many_documents_it_has(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        counts = []
        for documents in (1, 12):
            stores.libraries.create(workspace, "brief")
            for _ in range(documents):
                corpus.upload(library="brief")
            with counted_statements(stores) as statements:
                stores.catalogue.delete_library(workspace, "brief")
            counts.append(len(statements))

        assert counts[0] == counts[1]

    def test_leaves_what_waits_in_it_undone(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        stores.libraries.create(workspace, "brief")
        waiting = corpus.upload(library="brief").job.id

        stores.catalogue.delete_library(workspace, "brief")

        assert (corpus.claim().kind, stores.claims.claim()) == (JobKind.PURGE, None)
        assert stores.jobs.get(workspace, waiting).state is JobState.QUEUED

    def test_ends_its_jobs_and_waits_for_whoever_still_writes(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        library = stores.libraries.create(workspace, "brief")
        waiting = corpus.upload(library="brief").job.id
        with stores.database.write() as connection:
            reindex = insert_job(connection, workspace, library.id, None, 0, JobKind.REINDEX)
            connection.execute(
                update(jobs).where(jobs.c.id == reindex.id).values(not_before=clock() + 3600)
            )
        corpus.claim()
        with stores.database.write() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == reindex.id)
                .values(state=JobState.RUNNING, not_before=0, lease_until=clock() + 3600)
            )

        stores.catalogue.delete_library(workspace, "brief")
        claim = corpus.claim()
        assert (claim.kind, claim.document_id) == (JobKind.PURGE, "")
        purger = Purger(stores, MemoryVectors())
        with pytest.raises(Unavailable):
            purger.run(claim, Unbounded())

        for job_id in (waiting, reindex.id):
            job = stores.jobs.get(workspace, job_id)
            assert (job.state, job.error_code) == (JobState.CANCELLED, "cancelled")
        with stores.database.write() as connection:
            connection.execute(update(jobs).where(jobs.c.id == waiting).values(lease_until=None))
            connection.execute(update(jobs).values(not_before=0))
        corpus.purge()  # of the document
        with pytest.raises(Unavailable):
            purger.run(claim, Unbounded())  # the reindex job's lease
        with stores.database.write() as connection:
            connection.execute(update(jobs).where(jobs.c.id == reindex.id).values(lease_until=None))
        assert purger.run(claim, Unbounded()) is False
        assert stores.jobs.get(workspace, claim.job_id).state is JobState.SUCCEEDED

    def test_is_not_possible_for_the_default_one(self, stores: Stores, workspace: str) -> None:
        with pytest.raises(Conflict):
            stores.catalogue.delete_library(workspace, "default")

    def test_is_not_possible_for_one_that_is_not_there(
        self, stores: Stores, workspace: str
    ) -> None:
        with pytest.raises(LibraryNotFound):
            stores.catalogue.delete_library(workspace, "nowhere")
