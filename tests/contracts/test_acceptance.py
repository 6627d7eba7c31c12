"""What an upload leaves in the catalogue."""

import pytest

from data.errors import LibraryNotFound
from data.records import DocumentState, JobKind, JobState
from data.stores import Stores
from tests.contracts.corpus import Corpus, Together


class TestAnUpload:
    def test_becomes_a_document_and_a_queued_job(self, corpus: Corpus) -> None:
        receipt = corpus.upload("hello", filename="notes.pdf", title="Notes", tags=("a", "b"))

        document, job = receipt.document, receipt.job
        assert (document.filename, document.title, document.tags) == (
            "notes.pdf",
            "Notes",
            ("a", "b"),
        )
        assert (document.version, document.bytes, document.library) == (1, 5, "default")
        assert document.state is DocumentState.INDEXING
        assert (job.kind, job.state, job.document_id) == (
            JobKind.INGEST,
            JobState.QUEUED,
            document.id,
        )
        assert not receipt.duplicate

    def test_takes_a_tag_that_is_given_twice_as_one(self, corpus: Corpus) -> None:
        receipt = corpus.upload(tags=("law", "law", "tax"))

        assert receipt.document.tags == ("law", "tax")

    def test_is_refused_for_an_unknown_library(self, corpus: Corpus) -> None:
        with pytest.raises(LibraryNotFound):
            corpus.upload(library="nowhere")


class TestTheSameBytes:
    def test_are_the_same_document_with_its_job(self, corpus: Corpus) -> None:
        first = corpus.upload("same")
        again = corpus.upload("same", filename="other name.pdf")

        assert again.duplicate
        assert not again.requeued
        assert again.document == first.document
        assert again.job.id == first.job.id

    def test_in_another_library_are_another_document(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        stores.libraries.create(workspace, "second")
        first = corpus.upload("same")
        other = corpus.upload("same", library="second")

        assert not other.duplicate
        assert other.document.id != first.document.id

    def test_onto_a_failed_document_queue_it_again_with_the_password(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.upload("locked")
        stores.claims.fail(corpus.claim(), "password_required", "It is encrypted.")

        again = corpus.upload("locked", password="secret")

        assert again.duplicate
        assert again.requeued
        assert again.document.id == first.document.id
        assert again.document.state is DocumentState.INDEXING
        assert again.job.id != first.job.id
        assert again.job.state is JobState.QUEUED
        assert (
            stores.versions.source(corpus.claim()).password
            == f"secret of {first.document.id}".encode()
        )
        assert corpus.upload("locked").job.id == again.job.id

    def test_of_a_deleted_document_are_a_new_one(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.upload("gone")
        stores.catalogue.delete_document(workspace, first.document.id)

        again = corpus.upload("gone")

        assert not again.duplicate
        assert again.document.id != first.document.id

    def test_sent_by_many_at_once_are_one_document(
        self, corpus: Corpus, stores: Stores, workspace: str, together: Together
    ) -> None:
        receipts = together(*[lambda: corpus.upload("raced")] * 8)

        assert len({receipt.document.id for receipt in receipts}) == 1
        assert sorted(receipt.duplicate for receipt in receipts) == [False] + [True] * 7
        assert len(stores.jobs.newest(workspace, None, None, 100, None).items) == 1

    def test_sent_onto_a_failed_document_by_many_at_once_are_queued_once(
        self, corpus: Corpus, stores: Stores, workspace: str, together: Together
    ) -> None:
        corpus.upload("raced")
        stores.claims.fail(corpus.claim(), "unreadable_file", "It is damaged.")

        receipts = together(*[lambda: corpus.upload("raced")] * 8)

        assert sum(receipt.requeued for receipt in receipts) == 1
        assert len(stores.jobs.newest(workspace, None, None, 100, None).items) == 2

    def test_sent_while_the_document_is_deleted_are_the_old_or_a_new_one(
        self, corpus: Corpus, stores: Stores, workspace: str, together: Together
    ) -> None:
        for number in range(10):
            name = f"raced {number}"
            old = corpus.upload(name).document.id

            _, receipt = together(
                lambda old=old: stores.catalogue.delete_document(workspace, old),
                lambda name=name: corpus.upload(name),
            )

            assert receipt.duplicate == (receipt.document.id == old)


def test_an_upload_into_a_library_that_is_being_deleted_is_refused_or_purged_with_it(
    corpus: Corpus, stores: Stores, workspace: str, together: Together
) -> None:
    for _ in range(10):
        stores.libraries.create(workspace, "brief")

        together(
            lambda: stores.catalogue.delete_library(workspace, "brief"),
            lambda: corpus.upload(library="brief"),
            lambda: corpus.upload(library="brief"),
        )

        assert not stores.documents.newest(workspace, None, None, (), 100, None).items
