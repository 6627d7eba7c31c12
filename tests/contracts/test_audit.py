"""Whatever is broken by hand is found, mended where that is possible, and then gone."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, text, update

from data.audit.audit import Audit, audit_of
from data.audit.findings import Finding
from data.database import clock
from data.documents import SUPERSEDED_SECONDS
from data.lexical import LexicalIndex
from data.lexical_follower import LexicalFollower
from data.records import JobKind, JobState
from data.settings import Settings
from data.stores import Stores
from data.tables import chunks, documents, jobs, libraries, pages, vectors, versions
from tests.contracts.corpus import Corpus, begin_second_version
from tests.memory_vectors import MemoryVectors
from tests.slices import Unbounded
from workers.purging import Purger

HOURS = 3600.0
# What is compared there is read through the same calls on both.
IN_ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Deployment:
    """Everything that is kept, with a vector index in memory."""

    settings: Settings
    stores: Stores
    corpus: Corpus
    vectors: MemoryVectors

    @property
    def audit(self) -> Audit:
        home = self.settings.folder
        return audit_of(home, self.stores, self.vectors, home / "chroma", settling_seconds=0.5)

    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings()]

    def findings(self) -> list[Finding]:
        with self.following():
            return list(self.audit.findings())

    def mend(self) -> list[str]:
        """Mend what is found, and return the ids of the jobs that were queued."""
        mended = [finding.mend() for finding in self.findings() if finding.mend]
        return [job for job in mended if job]

    @contextmanager
    def following(self) -> Iterator[None]:
        """Run what an API process runs beside its requests."""
        root = self.settings.folder / "lexical"
        with LexicalFollower(root, self.stores.catalogue, self.stores.visibility) as follower:
            assert follower.wait_for(self.stores.catalogue.sequence(), 30)
            yield

    def stock(self) -> None:
        """Put what the catalogue has into the vector index and the file store."""
        for library in self.stores.libraries.every():
            held = self.stores.libraries.of_job(library.id, "f" * 64)
            ids, stored = self.stores.holdings.rows(library.id, "", 1_000)
            if ids:
                self.vectors.upsert(held.collection, ids, stored)
        with self.stores.database.read() as connection:
            for row in connection.execute(versions.select()):
                self.file(row.document_id, row.version).touch()

    def file(self, document_id: str, version: int) -> Path:
        path = self.settings.folder / "blobs" / self.corpus.workspace / document_id / str(version)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def purge(self) -> None:
        Purger(self.stores, self.vectors).run(self.corpus.claim(), Unbounded())

    def break_(self, *statements: Any) -> None:
        """Change rows as somebody does who uses the database's own shell."""
        engine = self.stores.database.engine
        with engine.connect() as connection:
            if self.stores.database.is_sqlite:
                # Within a transaction it would do nothing.
                connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                if not self.stores.database.is_sqlite:
                    connection.execute(text("SET LOCAL session_replication_role = replica"))
                for statement in statements:
                    connection.execute(statement)
        engine.dispose()


@pytest.fixture
def deployment(settings: Settings, stores: Stores, corpus: Corpus) -> Deployment:
    """Three documents, the last of them in its second version."""
    made = Deployment(settings, stores, corpus, MemoryVectors())
    for _ in range(2):
        corpus.ready("one", "two")
    corpus.upload()
    first = corpus.claim()
    corpus.index(first, ("old one", "old two"))
    stores.catalogue.publish(begin_second_version(stores, first, corpus), 3, 3, ())
    made.stock()
    made.purge()
    with made.following():
        return made


@pytest.fixture
def document(deployment: Deployment) -> str:
    """The id of the one with two versions."""
    listed = deployment.stores.documents.newest(
        deployment.corpus.workspace, None, None, (), 1, None
    )
    return listed.items[0].id


def test_nothing_is_found_in_what_is_whole(deployment: Deployment) -> None:
    audit = deployment.audit
    with deployment.following():
        assert list(audit.findings()) == []

    assert audit.compared == {
        "documents": 3,
        "versions": 4,
        "pages": 9,
        "chunks": 7,
        "files": 3,
        "collections": 1,
        "vectors": 7,
        "lexical rows": 7,
    }


class TestJobsThatAreLost:
    def test_of_a_document_that_waits(self, deployment: Deployment) -> None:
        job = deployment.corpus.upload().job
        deployment.stock()
        assert deployment.codes() == []

        deployment.break_(delete(jobs).where(jobs.c.id == job.id))

        assert deployment.codes() == ["job_lost"]
        (mended,) = deployment.mend()
        assert deployment.codes() == []
        assert deployment.corpus.claim().job_id == mended

    def test_of_a_new_version(self, deployment: Deployment, document: str) -> None:
        job = deployment.corpus.replace(document).job
        deployment.stock()
        assert deployment.codes() == []

        deployment.break_(delete(jobs).where(jobs.c.id == job.id))

        assert deployment.codes() == ["job_lost"]
        deployment.mend()
        assert deployment.codes() == []

    @pytest.mark.parametrize("state", [JobState.FAILED, JobState.SUCCEEDED])
    def test_of_a_deleted_document(
        self, deployment: Deployment, document: str, state: JobState
    ) -> None:
        workspace = deployment.corpus.workspace
        deployment.stores.catalogue.delete_document(workspace, document)
        assert deployment.codes() == []

        deployment.break_(update(jobs).where(jobs.c.document_id == document).values(state=state))

        assert deployment.codes() == ["document_not_purged"]
        deployment.mend()
        assert deployment.codes() == []
        deployment.purge()
        assert deployment.codes() == []

    def test_of_a_deleted_library(self, deployment: Deployment) -> None:
        workspace = deployment.corpus.workspace
        deployment.stores.libraries.create(workspace, "brief")
        deployment.corpus.ready("one", library="brief")
        deployment.stock()
        deployment.stores.catalogue.delete_library(workspace, "brief")
        assert deployment.codes() == []

        deployment.break_(delete(jobs).where(jobs.c.document_id.is_(None)))

        assert deployment.codes() == ["library_not_purged"]
        deployment.mend()
        assert deployment.codes() == []

    def test_of_a_replaced_version(self, deployment: Deployment, document: str) -> None:
        job = deployment.corpus.replace(document).job
        deployment.corpus.index(deployment.corpus.claim(), ("third",))
        deployment.stock()
        assert deployment.codes() == []

        deployment.break_(
            delete(jobs).where(jobs.c.kind == JobKind.PURGE, jobs.c.version == job.version - 1)
        )

        assert deployment.codes() == ["version_not_purged"]
        deployment.mend()
        deployment.purge()
        assert deployment.codes() == []

    def test_of_a_version_whose_day_is_over(self, deployment: Deployment) -> None:
        long_ago = clock() - SUPERSEDED_SECONDS
        old = update(versions).where(versions.c.version == 1, versions.c.superseded_at > 0)
        deployment.break_(old.values(superseded_at=long_ago - HOURS))
        assert deployment.codes() == []  # the sweeper will come

        deployment.break_(old.values(superseded_at=long_ago - 3 * HOURS))

        assert deployment.codes() == ["version_not_purged"]
        deployment.mend()
        deployment.purge()
        assert deployment.codes() == []


class TestRows:
    def test_that_a_published_version_should_have(
        self, deployment: Deployment, document: str
    ) -> None:
        number = chunks.c.number == 0
        mine = chunks.c.document_id == document
        deployment.break_(
            delete(vectors).where(vectors.c.chunk_id == f"{document}-2-1"),
            delete(chunks).where(mine, number),
            delete(pages).where(pages.c.document_id == document, pages.c.version == 2),
        )

        found = deployment.findings()

        told = {finding.code: finding for finding in found}
        assert {"pages_differ", "chunks_differ", "vectors_differ"} <= set(told)
        assert told["chunks_differ"].mend is None
        assert "should have 3 chunks, and has 2" in told["chunks_differ"].message
        assert told["chunks_differ"].ids == {"document_id": document, "version": 2}

    def test_of_a_document_that_is_gone(self, deployment: Deployment, document: str) -> None:
        deployment.break_(
            delete(documents).where(documents.c.id == document),
            delete(jobs).where(jobs.c.document_id == document),
        )

        assert set(deployment.codes()) == {"stray_rows", "lexical_differs"}
        deployment.mend()
        assert deployment.codes() == ["vectors_unknown"]
        deployment.mend()
        assert deployment.codes() == []
        assert deployment.stores.documents.known_versions([document]) == set()

    def test_of_a_version_that_is_gone(self, deployment: Deployment, document: str) -> None:
        deployment.break_(
            delete(versions).where(versions.c.document_id == document, versions.c.version == 1)
        )

        assert deployment.codes() == ["stray_rows"]
        deployment.mend()
        assert deployment.codes() == []

    def test_of_a_published_version_itself(self, deployment: Deployment, document: str) -> None:
        deployment.break_(
            delete(versions).where(versions.c.document_id == document, versions.c.version == 2)
        )

        assert "version_lost" in deployment.codes()

    def test_of_vectors_without_a_chunk(self, deployment: Deployment, document: str) -> None:
        deployment.break_(delete(chunks).where(chunks.c.document_id == document))

        assert "stray_rows" in deployment.codes()
        deployment.mend()

        # What was lost for good is still told.
        assert deployment.codes() == ["chunks_differ"]


@IN_ONE_DATABASE
class TestVectors:
    def test_that_are_missing_are_stored_again(self, deployment: Deployment, document: str) -> None:
        (held,) = deployment.vectors.collections_by_name.values()
        del held[f"{document}-2-1"]

        (finding,) = deployment.findings()

        assert (finding.code, finding.ids["vectors"]) == ("vectors_missing", 1)
        assert deployment.mend() == []
        assert deployment.codes() == []
        assert f"{document}-2-1" in held

    def test_that_nobody_knows_are_removed(self, deployment: Deployment) -> None:
        (held,) = deployment.vectors.collections_by_name.values()
        held["doc-never-1-0"] = next(iter(held.values()))

        assert deployment.codes() == ["vectors_unknown"]
        deployment.mend()
        assert deployment.codes() == []
        assert len(held) == 7

    def test_of_a_collection_that_is_lost_are_built_anew(self, deployment: Deployment) -> None:
        deployment.vectors.collections_by_name.clear()

        assert deployment.codes() == ["collection_lost"]
        (job,) = deployment.mend()
        assert deployment.codes() == []  # while that is being done
        claim = deployment.corpus.claim()
        assert (claim.job_id, claim.kind) == (job, JobKind.REINDEX)

    def test_that_can_not_be_searched_are_built_anew(self, deployment: Deployment) -> None:
        (name,) = deployment.vectors.collections_by_name
        deployment.vectors.unreadable.add(name)

        assert deployment.codes() == ["collection_damaged"]
        assert len(deployment.mend()) == 1

    def test_that_were_removed_are_no_more_than_a_share(self, deployment: Deployment) -> None:
        deployment.break_(update(libraries).values(dead=999))
        assert deployment.codes() == []

        deployment.break_(update(libraries).values(dead=1_000))

        (finding,) = deployment.findings()
        assert finding.code == "vectors_dead"
        assert "99 %" in finding.message
        assert len(deployment.mend()) == 1
        assert deployment.codes() == []

    def test_of_a_collection_that_no_library_names_are_dropped(
        self, deployment: Deployment
    ) -> None:
        deployment.vectors.create("fn-lib-0123456789abcdef-ffffffff-1")

        assert deployment.codes() == ["collection_unknown"]
        deployment.mend()
        assert deployment.codes() == []
        assert len(deployment.vectors.collections_by_name) == 1

    def test_of_another_deployment_on_the_same_server_are_left_alone(
        self, deployment: Deployment
    ) -> None:
        mine = deployment.stores.libraries.every()[0]
        deployment.vectors.create("fn-lib-0123456789abcdef-ffffffff-1")
        deployment.vectors.create(mine.collection_of(7))

        with deployment.following():
            audit = audit_of(
                deployment.settings.folder, deployment.stores, deployment.vectors, None, 0.5
            )
            theirs, ours = sorted(audit.findings(), key=lambda found: found.mend is not None)

        assert theirs.ids == {"collection": "fn-lib-0123456789abcdef-ffffffff-1"}
        assert ours.ids == {"collection": mine.collection_of(7)}
        assert theirs.mend is None

    def test_are_not_judged_while_their_index_is_away(self, deployment: Deployment) -> None:
        deployment.vectors.is_away = True

        assert deployment.codes() == ["index_unavailable"]


@IN_ONE_DATABASE
class TestFoldersOfTheVectorIndex:
    @pytest.fixture
    def orphan(self, deployment: Deployment) -> Path:
        """A folder that no collection has."""
        root = deployment.settings.folder / "chroma"
        orphan = root / str(UUID(int=7))
        orphan.mkdir(parents=True)
        with closing(sqlite3.connect(root / "chroma.sqlite3")) as database:
            database.execute("CREATE TABLE segments (id TEXT)")
            database.commit()
        return orphan

    def test_that_no_collection_has_are_removed(self, deployment: Deployment, orphan: Path) -> None:
        assert deployment.codes() == ["index_folder_orphaned"]
        deployment.mend()
        assert deployment.codes() == []
        assert not orphan.exists()

    def test_of_what_was_dropped_just_now_are_the_sweeper_s(
        self, deployment: Deployment, orphan: Path
    ) -> None:
        workspace = deployment.corpus.workspace
        deployment.stores.libraries.create(workspace, "brief")
        deployment.stores.catalogue.delete_library(workspace, "brief")
        deployment.purge()

        assert deployment.codes() == []
        deployment.audit.sweep()
        assert not orphan.exists()

    def test_are_not_judged_while_nobody_says_whose_they_are(
        self, deployment: Deployment, orphan: Path
    ) -> None:
        (orphan.parent / "chroma.sqlite3").unlink()

        assert deployment.codes() == ["index_unavailable"]


@IN_ONE_DATABASE
class TestFiles:
    def test_that_are_missing_are_told(self, deployment: Deployment, document: str) -> None:
        deployment.file(document, 2).unlink()
        deployment.file(document, 1).unlink()  # only readable for a day

        (finding,) = deployment.findings()

        assert (finding.code, finding.mend) == ("file_missing", None)
        assert finding.ids == {"document_id": document, "version": 2}

    def test_that_nobody_knows_are_removed_after_an_hour(
        self, deployment: Deployment, document: str
    ) -> None:
        strays = [deployment.file(document, 7), deployment.file("doc-never", 1)]
        for path in strays:
            path.touch()
        assert deployment.codes() == []  # their rows may be about to be written

        an_hour_ago = (time.time() - 2 * HOURS,) * 2
        for path in (*strays, *(each.parent for each in strays)):
            os.utime(path, an_hour_ago)

        assert deployment.codes() == ["file_orphaned"] * 2
        deployment.mend()
        assert deployment.codes() == []
        assert deployment.file(document, 2).exists()

    def test_are_not_judged_while_their_store_is_away(self, deployment: Deployment) -> None:
        shutil.rmtree(deployment.settings.folder / "blobs")

        assert deployment.codes() == ["blobs_unavailable"]


@IN_ONE_DATABASE
class TestTheLexicalIndex:
    @pytest.fixture
    def index(self, deployment: Deployment) -> Callable[[], LexicalIndex]:
        """Opens the index as its writer does; nobody else writes it then."""
        return lambda: LexicalIndex(deployment.settings.folder / "lexical" / "index")

    def test_lacks_a_version(
        self, deployment: Deployment, document: str, index: Callable[[], LexicalIndex]
    ) -> None:
        sequence = deployment.stores.catalogue.sequence()
        index().apply([(document, 2)], [], sequence)

        (finding,) = deployment.findings()

        assert finding.code == "lexical_differs"
        assert "has 0 chunks of version 2" in finding.message
        deployment.mend()
        assert deployment.codes() == []

    def test_has_a_version_that_is_not_published(
        self, deployment: Deployment, document: str, index: Callable[[], LexicalIndex]
    ) -> None:
        (workspace, chunk), *_ = deployment.stores.visibility.published(document, 2)
        deployment.stores.catalogue.delete_document(workspace, document)
        with deployment.following():
            pass
        assert deployment.codes() == []
        index().apply([], [(workspace, chunk)], deployment.stores.catalogue.sequence())

        assert deployment.codes() == ["lexical_differs"]
        deployment.mend()
        assert deployment.codes() == []

    def test_that_is_not_followed_any_more_is_told(
        self, deployment: Deployment, document: str, index: Callable[[], LexicalIndex]
    ) -> None:
        deployment.stores.catalogue.delete_document(deployment.corpus.workspace, document)

        codes = [finding.code for finding in deployment.audit.findings()]

        assert codes == ["lexical_behind"]

    def test_that_is_not_there_is_told(self, deployment: Deployment) -> None:
        shutil.rmtree(deployment.settings.folder / "lexical")

        codes = [finding.code for finding in deployment.audit.findings()]

        assert codes == ["lexical_unavailable"]


def test_what_is_found_tells_neither_names_nor_texts(deployment: Deployment) -> None:
    receipt = deployment.corpus.ready("a private text", filename="private.pdf", title="private")
    deployment.break_(
        update(versions).values(chunks=9),
        insert(pages).values(
            document_id=receipt.document.id,
            version=9,
            page=1,
            text="private",
            boxes=b"",
            lines=[],
            ocr=False,
        ),
    )

    found = deployment.findings()

    assert {"chunks_differ", "stray_rows", "vectors_missing", "file_missing"} <= {
        finding.code for finding in found
    }
    assert "private" not in repr(found)
