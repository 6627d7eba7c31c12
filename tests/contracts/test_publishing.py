"""What readers see, when it begins, and when it ends."""

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, update

from data.database import clock
from data.errors import (
    ClaimLost,
    Conflict,
    DocumentNotFound,
    LibraryNotFound,
    PageNotFound,
    VersionGone,
)
from data.records import (
    Claim,
    DocumentState,
    JobKind,
    JobStage,
    JobState,
    PageWarning,
    Profile,
    StoredChunk,
)
from data.stores import Stores
from data.tables import documents, jobs, metadata, versions

if TYPE_CHECKING:
    from tests.contracts.conftest import Corpus

DAY = 24 * 3600
# Of these, rows stay after a purge: jobs as clients saw them, changes that indexes follow.
KEPT = {"jobs", "changes", "counters", "workspaces", "keys", "libraries"}


def seen(stores: Stores, workspace: str, document_id: str) -> tuple[StoredChunk, ...]:
    """Return the chunks that a search in all libraries would show."""
    ids = stores.chunks.some_ids(document_id, None)
    libraries = [library.id for library in stores.libraries.every()]
    found = stores.visibility.visible(workspace, ids, libraries)
    return tuple(sorted(found.values(), key=lambda chunk: (chunk.version, chunk.number)))


def rows_by_table(stores: Stores) -> dict[str, int]:
    with stores.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def begin_second_version(stores: Stores, claim: Claim, corpus: "Corpus") -> Claim:
    """Queue version 2 of a document, as a new upload of it will, and do all but publish it."""
    with stores.database.write() as connection:
        connection.execute(
            update(documents).where(documents.c.id == claim.document_id).values(latest_version=2)
        )
        first = connection.execute(
            select(versions).where(versions.c.document_id == claim.document_id)
        ).one()
        connection.execute(insert(versions).values({**first._mapping, "version": 2}))
        job = connection.execute(select(jobs).where(jobs.c.id == claim.job_id)).one()
        fresh = {
            "id": "job-second",
            "version": 2,
            "state": JobState.QUEUED,
            "stage": None,
            "cursor": 0,
            "total": 0,
        }
        connection.execute(insert(jobs).values({**job._mapping, **fresh}))
    return corpus.embed(corpus.claim(), ("new one", "new two", "new three"))


class TestPublishing:
    def test_shows_everything_in_one_step(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        document_id = receipt.document.id
        claim = corpus.embed(corpus.claim(), ("one", "two"))

        assert seen(stores, workspace, document_id) == ()
        assert not stores.visibility.any_ready([receipt.document.library_id])
        before = stores.documents.get(workspace, document_id)
        assert (before.state, before.pages, before.chunks) == (DocumentState.INDEXING, 0, 0)

        warning = PageWarning("page_unreadable", "A page can't be read.", (2,))
        stores.catalogue.publish(claim, 2, 2, (warning,))

        assert [chunk.text for chunk in seen(stores, workspace, document_id)] == ["one", "two"]
        assert stores.visibility.any_ready([receipt.document.library_id])
        after = stores.documents.get(workspace, document_id)
        assert (after.state, after.pages, after.chunks) == (DocumentState.READY, 2, 2)
        assert after.warnings == (warning,)
        job = stores.jobs.get(workspace, receipt.job.id)
        assert (job.state, job.warnings, job.error_message) == (
            JobState.SUCCEEDED,
            (warning,),
            None,
        )
        assert stores.claims.claim() is None

    def test_never_lets_a_reader_see_half_of_it(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        claim = corpus.embed(corpus.claim(), ("one", "two", "three"))
        counts: list[int] = []
        ready = threading.Event()

        def watch() -> None:
            while not counts or counts[-1] == 0:
                counts.append(len(seen(stores, workspace, receipt.document.id)))
                ready.set()

        reader = threading.Thread(target=watch)
        reader.start()
        ready.wait()
        stores.catalogue.publish(claim, 3, 3, ())
        reader.join(timeout=30)

        assert set(counts) == {0, 3}

    def test_replaces_a_version_in_one_step(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        claim = corpus.claim()
        corpus.index(claim, ("one", "two"))
        second = begin_second_version(stores, claim, corpus)
        assert {chunk.version for chunk in seen(stores, workspace, claim.document_id)} == {1}

        stores.catalogue.publish(second, 3, 3, ())

        assert {chunk.version for chunk in seen(stores, workspace, claim.document_id)} == {2}
        assert stores.documents.get(workspace, receipt.document.id).version == 2
        assert [
            (change.version, change.published) for change in stores.catalogue.changes_after(0, 10)
        ] == [(1, True), (1, False), (2, True)]

    def test_never_goes_back_to_a_lower_version(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        corpus.upload()
        claim = corpus.embed(corpus.claim(), ("one",))
        with stores.database.write() as connection:
            connection.execute(update(documents).values(published_version=2))

        stores.catalogue.publish(claim, 1, 1, ())

        with stores.database.read() as connection:
            assert connection.execute(select(documents.c.published_version)).scalar_one() == 2
        assert stores.catalogue.changes_after(0, 10) == ()
        assert stores.jobs.get(workspace, claim.job_id).state is JobState.SUCCEEDED

    def test_stays_when_the_next_version_fails(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        corpus.index(claim, ("one",))

        stores.claims.fail(begin_second_version(stores, claim, corpus), "no_text_found", "Blank.")

        document = stores.documents.get(workspace, claim.document_id)
        assert (document.state, document.version) == (DocumentState.READY, 1)
        assert [chunk.text for chunk in seen(stores, workspace, claim.document_id)] == ["one"]


class TestProgress:
    def test_never_goes_backwards_and_ends_at_the_total(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        steps: list[tuple[int, int]] = []

        def look() -> None:
            job = stores.jobs.get(workspace, receipt.job.id)
            steps.append((job.done, job.total))

        for page in range(0, 71, 7):
            stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, page, 70)
            look()
        stores.versions.write_profile(corpus.claim(), Profile("Title"))
        for page in range(0, 71, 7):
            look()
            stores.claims.checkpoint(corpus.claim(), JobStage.EMBEDDING, page, 70)
        look()
        stores.catalogue.publish(corpus.claim(), 70, 0, ())
        look()

        assert steps == sorted(steps)
        assert steps[-1] == (70, 70)


class TestDeletingADocument:
    def test_hides_it_at_once(self, corpus: "Corpus", stores: Stores, workspace: str) -> None:
        receipt = corpus.ready("one", "two")
        document_id, library_id = receipt.document.id, receipt.document.library_id
        hits = seen(stores, workspace, document_id)

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
        assert stores.visibility.around(workspace, hits, 2) == ()
        assert list(stores.visibility.published(document_id, 1)) == []
        assert not stores.visibility.any_ready([library_id])
        assert stores.catalogue.changes_after(1, 10)[0].published is False

    def test_is_followed_by_a_purge_that_leaves_no_row(
        self, corpus: "Corpus", stores: Stores, workspace: str
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
        self, corpus: "Corpus", stores: Stores, workspace: str
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
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        stores.catalogue.delete_document(workspace, receipt.document.id)

        assert corpus.claim().kind is JobKind.PURGE


class TestDeletingALibrary:
    def test_hides_it_with_its_documents_and_purges_all(
        self, corpus: "Corpus", stores: Stores, workspace: str
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


class TestPages:
    def test_are_read_with_their_text_and_boxes(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("one", "two").document.id

        page = stores.documents.page(workspace, document_id, None, 2)

        assert (page.number, page.text, page.boxes) == (2, "two", b"boxes")
        assert stores.documents.pages(workspace, [(document_id, 1, 2)]) == {
            (document_id, 1, 2): page
        }

    def test_beyond_the_last_are_not_found(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("one", "two").document.id

        with pytest.raises(PageNotFound):
            stores.documents.page(workspace, document_id, 1, 3)

    def test_of_a_version_that_is_not_complete_are_not_found(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.upload().document.id
        corpus.parse(corpus.claim(), ("one",))

        with pytest.raises(PageNotFound):
            stores.documents.page(workspace, document_id, 1, 1)
        assert stores.documents.pages(workspace, [(document_id, 1, 1)]) == {}

    def test_of_a_superseded_version_are_read_for_a_day_and_then_gone(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        corpus.index(claim, ("old",))
        stores.catalogue.publish(begin_second_version(stores, claim, corpus), 3, 3, ())
        address = (claim.document_id, 1, 1)

        assert stores.documents.page(workspace, *address).text == "old"
        assert stores.documents.pages(workspace, [address])[address].text == "old"
        assert stores.documents.file(workspace, claim.document_id, 1).bytes == 16

        with stores.database.write() as connection:
            connection.execute(
                update(versions)
                .where(versions.c.version == 1)
                .values(superseded_at=clock() - DAY - 1)
            )
        with pytest.raises(VersionGone):
            stores.documents.page(workspace, *address)
        with pytest.raises(VersionGone):
            stores.documents.file(workspace, claim.document_id, 1)
        assert stores.documents.pages(workspace, [address]) == {}

    def test_of_a_version_that_never_was_are_gone(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("one").document.id

        with pytest.raises(VersionGone):
            stores.documents.page(workspace, document_id, 7, 1)


class TestSelections:
    def test_of_no_version_hold_no_chunk(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        corpus.ready("one", "two")

        assert stores.visibility.count([]) == 0
        assert stores.visibility.around(workspace, [], 3) == ()

    def test_of_thousands_of_versions_are_counted(self, corpus: "Corpus", stores: Stores) -> None:
        document_id = corpus.ready("one", "two").document.id
        many = [(f"doc-{number}", 1) for number in range(12_000)]

        assert stores.visibility.count([*many, (document_id, 1)]) == 2

    def test_are_of_documents_that_carry_all_tags(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        both = corpus.ready("one", tags=("law", "tax")).document
        law = corpus.ready("two", tags=("law",)).document

        def found(*tags: str) -> set[str]:
            chosen = stores.visibility.selected(workspace, [both.library_id], [], tags)
            listed = stores.documents.newest(workspace, None, None, tags, 10, None).items
            assert {one for one, _ in chosen} == {document.id for document in listed}
            return {one for one, _ in chosen}

        assert found() == {both.id, law.id}
        assert found("law") == {both.id, law.id}
        assert found("law", "tax") == {both.id}
        assert found("tax", "none") == set()

    def test_of_neighbours_are_in_order_and_stay_in_the_document(
        self, corpus: "Corpus", stores: Stores, workspace: str
    ) -> None:
        texts = tuple("abcdefg")
        document_id = corpus.ready(*texts).document.id
        corpus.ready(*texts)
        hit = seen(stores, workspace, document_id)[3]

        near = stores.visibility.around(workspace, [hit], 2)

        assert [(chunk.document_id, chunk.text) for chunk in near] == [
            (document_id, text) for text in "bcdef"
        ]

    def test_have_the_vectors_row_by_row(self, corpus: "Corpus", stores: Stores) -> None:
        document_id = corpus.ready("one", "two", "three").document.id

        ids, vectors = stores.visibility.vectors_of(document_id, 1)

        assert ids == tuple(f"{document_id}-1-{number}" for number in range(3))
        assert [row.argmax() for row in vectors] == [0, 1, 2]
        assert stores.visibility.vectors_of("doc-none", 1)[0] == ()
