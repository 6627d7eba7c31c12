"""What is deleted is hidden at once, and then removed to the last row."""

import pytest
from sqlalchemy import func, select

from data.errors import (
    ClaimLost,
    Conflict,
    DocumentNotFound,
    LibraryNotFound,
)
from data.records import (
    JobKind,
    JobState,
)
from data.stores import Stores
from data.tables import jobs
from tests.contracts.corpus import Corpus, rows_by_table, seen

# Of these, rows stay after a purge: jobs as clients saw them, changes that indexes follow.
KEPT = {"jobs", "changes", "counters", "workspaces", "keys", "libraries"}


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
        assert purge == pytest.approx(lease, abs=0.5)

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
        for _ in range(3):
            corpus.ready("one", library="brief")

        stores.catalogue.delete_library(workspace, "brief")

        with pytest.raises(LibraryNotFound):
            stores.libraries.named(workspace, ("brief",))
        listed = stores.documents.newest(workspace, None, None, (), 10, None).items
        assert [document.id for document in listed] == [kept.document.id]
        stores.libraries.create(workspace, "brief")
        purged = [corpus.purge() for _ in range(4)]
        assert sorted(claim.document_id == "" for claim in purged) == [False] * 3 + [True]
        rows = rows_by_table(stores)
        assert (rows["libraries"], rows["documents"], rows["chunks"]) == (2, 1, 1)

    def test_is_not_possible_for_the_default_one(self, stores: Stores, workspace: str) -> None:
        with pytest.raises(Conflict):
            stores.catalogue.delete_library(workspace, "default")

    def test_is_not_possible_for_one_that_is_not_there(
        self, stores: Stores, workspace: str
    ) -> None:
        with pytest.raises(LibraryNotFound):
            stores.catalogue.delete_library(workspace, "nowhere")
