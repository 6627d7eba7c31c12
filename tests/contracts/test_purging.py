"""A purge removes what nobody may need any more, and nothing else, however often it is stopped."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from data.catalogue import RETIRED
from data.database import clock
from data.documents import SUPERSEDED_SECONDS
from data.errors import Unavailable, VersionGone
from data.jobs import insert_job
from data.orphans import Orphans
from data.records import Claim, JobKind, JobState
from data.settings import Settings
from data.stores import Stores
from data.tables import chunks, documents, jobs, libraries, pages, versions
from tests.contracts.corpus import Corpus, begin_second_version, rows_by_table, seen
from tests.memory_vectors import MemoryVectors
from tests.slices import Counted, Unbounded
from workers.purging import Purger
from workers.sweeping import Sweeper


@pytest.fixture
def vectors() -> MemoryVectors:
    return MemoryVectors()


@pytest.fixture
def purger(stores: Stores, vectors: MemoryVectors) -> Purger:
    return Purger(stores, vectors)


@pytest.fixture
def replaced(corpus: Corpus, stores: Stores, vectors: MemoryVectors, settings: Settings) -> Claim:
    """The claim of a document's first version, after the second one was published."""
    corpus.upload()
    claim = corpus.claim()
    corpus.index(claim, tuple(f"old {number}" for number in range(30)))
    stores.catalogue.publish(second := begin_second_version(stores, claim, corpus), 3, 3, ())
    library = stores.libraries.of_job(claim.library_id, "f" * 64)
    held = vectors.collections_by_name.setdefault(library.collection, {})
    held.update(dict.fromkeys(stores.chunks.some_ids(claim.document_id, None)))  # type: ignore[arg-type]
    for version in (claim.version, second.version):
        put_file(settings, claim, version)
    return claim


def put_file(settings: Settings, claim: Claim, version: int) -> Path:
    path = settings.folder / "blobs" / claim.workspace / claim.document_id / str(version)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-")
    return path


def files(settings: Settings) -> set[str]:
    return {path.name for path in (settings.folder / "blobs").rglob("*") if path.is_file()}


def versions_in(stores: Stores, *tables: Any) -> list[set[int]]:
    with stores.database.read() as connection:
        return [set(connection.execute(select(t.c.version)).scalars()) for t in tables]


def queue(stores: Stores, claim: Claim, version: int) -> None:
    with stores.database.write() as connection:
        place = (claim.workspace, claim.library_id, claim.document_id, version)
        insert_job(connection, *place, JobKind.PURGE)


def change(stores: Stores, statement: Any) -> None:
    with stores.database.write() as connection:
        connection.execute(statement)


class TestAReplacedVersion:
    def test_leaves_searches_at_once_and_stays_readable(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        purger: Purger,
        vectors: MemoryVectors,
        replaced: Claim,
        settings: Settings,
    ) -> None:
        claim = corpus.claim()
        assert (claim.kind, claim.version) == (JobKind.PURGE, 1)

        assert purger.run(claim, Unbounded()) is False

        assert versions_in(stores, chunks, pages, versions) == [{2}, {1, 2}, {1, 2}]
        (held,) = vectors.collections_by_name.values()
        assert set(held) == set(stores.chunks.some_ids(replaced.document_id, 2))
        assert stores.documents.page(workspace, replaced.document_id, 1, 30).text == "old 29"
        assert stores.documents.file(workspace, replaced.document_id, 1).key.endswith("/1")
        assert files(settings) == {"1", "2"}
        assert len(seen(stores, workspace, replaced.document_id)) == 3
        assert stores.jobs.get(workspace, claim.job_id).state is JobState.SUCCEEDED

    def test_goes_for_good_after_a_day_and_once(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        purger: Purger,
        replaced: Claim,
        settings: Settings,
    ) -> None:
        sweeper = Sweeper(Orphans(stores.blobs, stores.documents), stores.purges)
        purger.run(corpus.claim(), Unbounded())
        sweeper.run_once()
        assert stores.claims.claim() is None

        change(
            stores,
            update(versions)
            .values(superseded_at=clock() - SUPERSEDED_SECONDS - 1)
            .where(versions.c.version == 1),
        )
        for _ in range(3):
            sweeper.run_once()

        claim = corpus.claim()
        assert stores.claims.claim() is None
        with pytest.raises(VersionGone):
            stores.documents.page(workspace, replaced.document_id, 1, 1)
        assert purger.run(claim, Unbounded()) is False
        assert versions_in(stores, chunks, pages, versions) == [{2}, {2}, {2}]
        assert files(settings) == {"2"}
        sweeper.run_once()
        assert stores.claims.claim() is None
        with pytest.raises(VersionGone):
            stores.documents.file(workspace, replaced.document_id, 1)

    def test_that_was_never_published_goes_at_once(
        self, corpus: Corpus, stores: Stores, purger: Purger, replaced: Claim, settings: Settings
    ) -> None:
        # As if the first version had failed before the second one was published.
        change(stores, update(versions).values(superseded_at=None, password=b"sealed"))

        purger.run(corpus.claim(), Unbounded())

        assert versions_in(stores, chunks, pages, versions) == [{2}, {2}, {2}]
        assert files(settings) == {"2"}

    def test_goes_however_many_came_between_two_that_were_published(
        self,
        corpus: Corpus,
        stores: Stores,
        purger: Purger,
    ) -> None:
        document = corpus.ready("one").document.id
        for _ in range(2 * RETIRED + 1):
            corpus.replace(document)
        last = corpus.claim()
        corpus.index(last, ("two",))

        while claim := stores.claims.claim():
            assert purger.run(claim, Unbounded()) is False

        assert versions_in(stores, versions) == [{1, last.version}]

    def test_waits_for_whoever_may_still_be_writing_for_it(
        self, corpus: Corpus, stores: Stores, purger: Purger, replaced: Claim
    ) -> None:
        of_first = jobs.c.id == replaced.job_id
        change(stores, update(versions).values(superseded_at=None))
        change(
            stores,
            update(jobs).values(state=JobState.CANCELLED, lease_until=clock() + 60).where(of_first),
        )
        claim = corpus.claim()
        before = rows_by_table(stores)

        with pytest.raises(Unavailable):
            purger.run(claim, Unbounded())

        assert rows_by_table(stores) == before
        change(stores, update(jobs).values(lease_until=None).where(of_first))
        assert purger.run(claim, Unbounded()) is False
        assert versions_in(stores, versions) == [{2}]

    def test_is_all_that_goes_while_its_library_is_only_about_to_be_removed(
        self,
        corpus: Corpus,
        stores: Stores,
        purger: Purger,
        replaced: Claim,
    ) -> None:
        """Else nobody would tell the lexical indexes to forget the published version."""
        change(stores, update(versions).values(superseded_at=None))
        claim = corpus.claim()
        change(stores, update(libraries).values(deleted_at=clock()))

        assert purger.run(claim, Unbounded()) is False

        assert versions_in(stores, chunks, pages, versions) == [{2}, {2}, {2}]
        assert rows_by_table(stores)["documents"] == 1


class TestWhatIsNeeded:
    @pytest.mark.parametrize("version", [2, 3])
    def test_is_never_purged(
        self,
        corpus: Corpus,
        stores: Stores,
        purger: Purger,
        replaced: Claim,
        settings: Settings,
        version: int,
    ) -> None:
        """Neither the published version nor the latest one, whoever asked for it."""
        corpus.finish()
        change(stores, update(documents).values(latest_version=3))
        queue(stores, replaced, version)
        before = rows_by_table(stores)

        purger.run(corpus.claim(), Unbounded())

        assert rows_by_table(stores) == before
        assert files(settings) == {"1", "2"}

    def test_is_a_failed_version_while_none_is_published(
        self, corpus: Corpus, stores: Stores, purger: Purger
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        corpus.parse(claim, ("one",))
        corpus.finish()
        queue(stores, claim, 1)

        purger.run(corpus.claim(), Unbounded())

        assert versions_in(stores, pages, versions) == [{1}, {1}]


class TestADeletedDocument:
    def test_is_removed_slice_by_slice_with_all_of_its_versions(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        purger: Purger,
        vectors: MemoryVectors,
        replaced: Claim,
        settings: Settings,
    ) -> None:
        stores.catalogue.delete_document(workspace, replaced.document_id)

        slices = 1
        while purger.run(claim := corpus.claim(), Counted(1)):
            slices += 1

        # 33 chunks are one batch, 33 pages are two, and what is left is the last one.
        assert slices == 4
        assert (claim.attempts, claim.token) == (1, 4)
        rows = rows_by_table(stores)
        assert not any(rows[table] for table in ("documents", "versions", "pages", "chunks"))
        assert list(vectors.collections_by_name.values()) == [{}]
        assert files(settings) == set()
        assert stores.claims.claim() is None

    def test_is_removed_from_the_collection_that_is_being_built_too(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        purger: Purger,
        vectors: MemoryVectors,
        replaced: Claim,
    ) -> None:
        library = stores.libraries.of_job(replaced.library_id)
        live = vectors.collections_by_name[library.collection]
        vectors.collections_by_name[library.collection_of(7)] = dict(live)
        change(stores, update(libraries).values(building=7))

        stores.catalogue.delete_document(workspace, replaced.document_id)
        purger.run(corpus.claim(), Unbounded())

        assert list(vectors.collections_by_name.values()) == [{}, {}]

    def test_keeps_everything_that_the_index_may_hold_while_that_is_away(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        purger: Purger,
        vectors: MemoryVectors,
        replaced: Claim,
    ) -> None:
        stores.catalogue.delete_document(workspace, replaced.document_id)
        claim = corpus.claim()
        before = rows_by_table(stores)

        vectors.is_away = True
        with pytest.raises(Unavailable):
            purger.run(claim, Unbounded())

        assert rows_by_table(stores) == before
        vectors.is_away = False
        assert purger.run(claim, Unbounded()) is False
        assert list(vectors.collections_by_name.values()) == [{}]

    def test_waits_for_whoever_may_still_be_writing_for_it(
        self, corpus: Corpus, stores: Stores, workspace: str, purger: Purger, replaced: Claim
    ) -> None:
        stores.catalogue.delete_document(workspace, replaced.document_id)
        of_first = jobs.c.id == replaced.job_id
        change(stores, update(jobs).values(lease_until=clock() + 60).where(of_first))
        claim = corpus.claim()

        with pytest.raises(Unavailable):
            purger.run(claim, Unbounded())

        change(stores, update(jobs).values(lease_until=None).where(of_first))
        assert purger.run(claim, Unbounded()) is False

    def test_leaves_jobs_that_do_not_tell_its_name(
        self, corpus: Corpus, stores: Stores, workspace: str, purger: Purger
    ) -> None:
        receipt = corpus.ready("one", filename="a very private name.pdf", title="private too")
        stores.catalogue.delete_document(workspace, receipt.document.id)
        purger.run(corpus.claim(), Unbounded())

        with stores.database.read() as connection:
            told = repr([connection.execute(t.select()).all() for t in jobs.metadata.sorted_tables])

        assert stores.jobs.get(workspace, receipt.job.id).state is JobState.SUCCEEDED
        assert "private" not in told


def test_files_that_vanish_meanwhile_do_not_stop_a_purge(
    stores: Stores, settings: Settings, together: Callable[..., list[Any]]
) -> None:
    folder = settings.folder / "blobs" / "ws" / "doc"
    for _ in range(20):
        folder.mkdir(parents=True)
        for number in range(50):
            (folder / str(number)).touch()

        assert together(*[lambda: stores.blobs.delete("ws/doc")] * 3) == [None] * 3

        assert not folder.exists()
