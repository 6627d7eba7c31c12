"""Lists, newest first, however much is added while somebody leafs through them."""

import base64

import pytest

from data.errors import Invalid
from data.records import DocumentState, JobKind, JobState
from data.stores import Stores
from tests.contracts.corpus import Corpus


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


class TestDocuments:
    def test_are_listed_newest_first(self, corpus: Corpus, stores: Stores, workspace: str) -> None:
        ids = [corpus.upload().document.id for _ in range(5)]

        listed = stores.documents.newest(workspace, None, None, (), 10, None)

        assert [document.id for document in listed.items] == ids[::-1]
        assert listed.next_cursor is None

    def test_are_neither_missed_nor_repeated_while_others_are_added(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        ids = [corpus.upload().document.id for _ in range(7)]
        read: list[str] = []
        cursor = None
        while True:
            page = stores.documents.newest(workspace, None, None, (), 2, cursor)
            read += [document.id for document in page.items]
            corpus.upload()
            if (cursor := page.next_cursor) is None:
                break

        assert read == ids[::-1]

    def test_that_fill_the_page_exactly_have_no_next_one(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        for _ in range(3):
            corpus.upload()

        assert stores.documents.newest(workspace, None, None, (), 3, None).next_cursor is None
        assert stores.documents.newest(workspace, None, None, (), 2, None).next_cursor is not None

    def test_are_filtered_by_library_and_state(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        stores.libraries.create(workspace, "second")
        ready = corpus.ready("one").document.id
        other = corpus.upload(library="second").document.id

        def ids(library: str | None, state: DocumentState | None) -> list[str]:
            found = stores.documents.newest(workspace, library, state, (), 10, None)
            return [document.id for document in found.items]

        assert ids("second", None) == [other]
        assert ids(None, DocumentState.READY) == [ready]
        assert ids("second", DocumentState.READY) == []
        assert ids("nowhere", None) == []


class TestJobs:
    def test_are_listed_newest_first_by_state_and_document(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        first = corpus.ready("one")
        second = corpus.upload()
        stores.catalogue.delete_document(workspace, first.document.id)

        def kinds(
            state: JobState | None, document_id: str | None
        ) -> list[tuple[JobKind, JobState]]:
            found = stores.jobs.newest(workspace, state, document_id, 10, None)
            return [(job.kind, job.state) for job in found.items]

        assert kinds(None, first.document.id) == [
            (JobKind.PURGE, JobState.QUEUED),
            (JobKind.INGEST, JobState.SUCCEEDED),
        ]
        assert kinds(JobState.QUEUED, second.document.id) == [(JobKind.INGEST, JobState.QUEUED)]
        assert len(kinds(None, None)) == 3


class TestLibraries:
    def test_are_listed_newest_first(self, stores: Stores, workspace: str) -> None:
        names = [f"library-{number}" for number in range(30)]
        for name in names:
            stores.libraries.create(workspace, name)

        first = stores.libraries.newest(workspace, 20, None)
        rest = stores.libraries.newest(workspace, 20, first.next_cursor)

        listed = [library.name for library in (*first.items, *rest.items)]
        assert listed == [*names[::-1], "default"]


NOT_CURSORS = (
    *("x", "é", "====", base64.urlsafe_b64encode(b"\xff\xfe 1").decode()),
    *map(encoded, ("no-number doc-1", "1.5", "1.5 doc-1 more", "nan doc-1", "inf doc", "1.5 d\0")),
)


def test_a_cursor_that_no_list_has_returned_is_invalid(stores: Stores, workspace: str) -> None:
    for cursor in NOT_CURSORS:
        with pytest.raises(Invalid):
            stores.documents.newest(workspace, None, None, (), 10, cursor)
